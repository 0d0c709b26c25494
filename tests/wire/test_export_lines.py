"""An export holds bytes in one form only: lower-case hexadecimal digits, of their length."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from chatlog.wire.events import BadLine, decode_proved
from tests.support.log_vectors import vectors

HELD = ("hash", "name_commitment", "name_salt", "text_commitment", "text_salt")
OTHERWISE: dict[str, Callable[[str], str]] = {
    "in capitals": str.upper,
    "with spaces": lambda text: f"{text[:2]}  {text[4:]}",
    "shorter": lambda text: text[:-2],
    "longer": lambda text: f"{text}00",
    "no digits": lambda text: f"{text[:-1]}g",
    "other digits": lambda text: f"{text[:-1]}\u0661",
}
CHAT = vectors()[1]


def test_the_line_itself_is_right() -> None:
    assert decode_proved(CHAT).recorded.seq == 2


@pytest.mark.parametrize("field", HELD)
@pytest.mark.parametrize("how", OTHERWISE)
def test_bytes_in_another_form_are_refused(field: str, how: str) -> None:
    line = json.loads(CHAT)
    changed = OTHERWISE[how](line["proof"][field])
    assert changed != line["proof"][field]
    line["proof"][field] = changed
    with pytest.raises(BadLine):
        decode_proved(json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode())
