"""Times from now on, as commands take them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def in_seconds(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()
