"""Details are stored as canonical JSON, whichever encoder makes it."""

from __future__ import annotations

from typing import Any

import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from chatlog.kinds.event import canonical

ASCII = st.text(st.characters(max_codepoint=127))
TEXTS = st.one_of(ASCII, st.text(st.characters(exclude_categories=["Cs"])))
VALUES = st.recursive(
    st.one_of(TEXTS, st.booleans(), st.none(), st.integers(-(2**53) + 1, 2**53 - 1)),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(TEXTS, inner)),
)


@given(st.dictionaries(TEXTS, VALUES))
def test_details_are_what_the_standard_says(details: dict[str, Any]) -> None:
    assert canonical(details) == rfc8785.dumps(details).decode()
