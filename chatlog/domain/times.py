"""Times in the log's format: RFC 3339 text, UTC, microseconds, 27 characters.

These texts sort chronologically, so an index on them serves as an index on times. All
arithmetic is clamped to ``FIRST`` and ``LAST``.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

FORMAT: Final = "%Y-%m-%dT%H:%M:%S.%fZ"
"""For reading only: when it writes, ``%Y`` has fewer than four digits for the first years."""

PATTERN: Final = r"^[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z\Z"
"""What each of them matches."""

FIRST: Final = "0001-01-01T00:00:00.000000Z"
LAST: Final = "9999-12-31T23:59:59.999999Z"


def text(at: datetime) -> str:
    """Format a time for the log; ``at`` is UTC, aware or naive."""
    return at.isoformat(timespec="microseconds")[:26] + "Z"


def moment(given: str) -> str | None:
    """Return a time in ISO 8601 with an offset as the log has it; None if it is none."""
    try:
        at = datetime.fromisoformat(given)
        return None if at.tzinfo is None else text(at.astimezone(UTC))
    except (ValueError, OverflowError):
        return None


def minus(at: str, seconds: float) -> str:
    """Return the time ``seconds`` before another."""
    try:
        earlier = datetime.strptime(at, FORMAT).replace(tzinfo=UTC) - timedelta(seconds=seconds)
    except OverflowError:
        return FIRST if seconds > 0 else LAST
    return text(earlier)


def seconds_between(earlier: str, later: str) -> float:
    """Return the seconds from one time to another; negative if they are in reverse order."""
    began, ended = (datetime.strptime(at, FORMAT).replace(tzinfo=UTC) for at in (earlier, later))
    return (ended - began).total_seconds()
