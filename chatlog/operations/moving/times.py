"""Check the times in an export."""

from __future__ import annotations

from datetime import datetime

from chatlog.audit.verification.check_events import TIME
from chatlog.wire.events import BadLine


def check_time(at: str) -> None:
    """Refuse a text that is not a time as the log has it.

    Raises:
        BadLine: naming it.
    """
    try:
        # Some versions of Python read hour 24 as the next day's first; it is none of the log's.
        if not TIME.fullmatch(at) or at[11:13] > "23":
            raise ValueError("not in the form of the log")
        datetime.fromisoformat(at)
    except ValueError:
        raise BadLine(f"{at!r} is not a time") from None
