"""Times as the log writes them: RFC 3339 text, UTC, microseconds, 27 characters.

Texts of this form sort as times do, so that an index of them is one of times.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

FORMAT: Final = "%Y-%m-%dT%H:%M:%S.%fZ"


def minus(at: str, seconds: float) -> str:
    """Return the time so many seconds before another."""
    earlier = datetime.strptime(at, FORMAT).replace(tzinfo=UTC) - timedelta(seconds=seconds)
    return earlier.strftime(FORMAT)
