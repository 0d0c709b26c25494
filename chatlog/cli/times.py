"""What people write for a point of a room's history: a seq, or a time."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from chatlog.domain.errors import LogError

_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"


def seq_or_time(text: str) -> int | str:
    """Return a seq, or a time as the log writes it: RFC 3339, UTC, 27 characters.

    A time without an offset is UTC; a day is its first moment.

    Raises:
        LogError: if it is neither.
    """
    if re.fullmatch(r"[0-9]{1,18}", text):
        return int(text)
    try:
        at = datetime.fromisoformat(text)
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise LogError(f"{text!r} is neither a seq nor a time such as 2026-11-22T14:03.") from None
    return at.strftime(_FORMAT).zfill(27)
