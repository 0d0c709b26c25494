"""Times as the log writes them: RFC 3339 text, UTC, microseconds, 27 characters.

Texts of this form sort as times do, so that an index of them is one of times. All
arithmetic is total: what would be before ``FIRST`` is that, and what would be after
``LAST`` is that.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

FORMAT: Final = "%Y-%m-%dT%H:%M:%S.%fZ"
"""For reading only: when it writes, ``%Y`` has fewer than four digits for the first years."""

FIRST: Final = "0001-01-01T00:00:00.000000Z"
LAST: Final = "9999-12-31T23:59:59.999999Z"


def text(at: datetime) -> str:
    """Return a time as the log writes it; ``at`` is UTC, whether it says so or not."""
    return at.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def minus(at: str, seconds: float) -> str:
    """Return the time so many seconds before another."""
    try:
        earlier = datetime.strptime(at, FORMAT).replace(tzinfo=UTC) - timedelta(seconds=seconds)
    except OverflowError:
        return FIRST if seconds > 0 else LAST
    return text(earlier)


def seconds_between(earlier: str, later: str) -> float:
    """Return how many seconds lie between two times; below 0 where they are the wrong way round."""
    began, ended = (datetime.strptime(at, FORMAT).replace(tzinfo=UTC) for at in (earlier, later))
    return (ended - began).total_seconds()
