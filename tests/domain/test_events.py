"""Events in their place, and the tree of errors."""

from __future__ import annotations

import pytest

from chatlog.domain.errors import OutcomeUnknown, Overloaded, Refused, StorageFull, Unavailable
from tests.support.events import ADA, hash_of, posted, recorded


def test_clients_see_the_first_16_hexadecimal_digits_of_the_hash() -> None:
    assert recorded(7, posted(ADA)).hash_text == hash_of(7).hex()[:16]


def test_an_event_is_never_changed() -> None:
    event = recorded(1, posted(ADA))
    with pytest.raises(AttributeError):
        event.seq = 2  # type: ignore[misc]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (StorageFull(), "storage_full"),
        (Unavailable(), "unavailable"),
        (Overloaded(), "overloaded"),
        (OutcomeUnknown(), "outcome_unknown"),
    ],
)
def test_each_error_has_the_contract_s_code_and_a_sentence(
    error: Refused | OutcomeUnknown, code: str
) -> None:
    assert error.code == code
    assert error.sentence.endswith(".")


def test_an_unknown_outcome_is_no_refusal() -> None:
    assert not isinstance(OutcomeUnknown(), Refused)
