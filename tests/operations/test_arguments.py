"""What an operator says goes on record only if somebody can read it."""

from __future__ import annotations

import pytest

from chatlog.domain.errors import Refused
from chatlog.operations import arguments


@pytest.mark.parametrize("reason", [" ", "\u200b", "\u3164 \u2800", "\ufeff"])
def test_a_reason_that_nobody_sees_is_blank(reason: str) -> None:
    with pytest.raises(Refused, match="not be blank"):
        arguments.check_reason(reason)


def test_a_reason_is_taken_as_it_is_written() -> None:
    arguments.check_reason("ada\u200b asked for it \u2764\ufe0f")
