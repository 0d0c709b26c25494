"""Check the times in an export."""

from __future__ import annotations

from datetime import datetime

from chatlog.audit.verification.check_events import TIME
from chatlog.domain.times import FORMAT
from chatlog.wire.events import BadLine


def check_time(at: str) -> None:
    """Refuse a text that is not a time as the log has it.

    Raises:
        BadLine: naming it.
    """
    try:
        # What has the form is parsed in a tenth of the time, 0.2 µs; hour 24 is none of the log's.
        if TIME.fullmatch(at) and at[11:13] < "24":
            datetime.fromisoformat(at)
        else:
            datetime.strptime(at, FORMAT)  # noqa: DTZ007 - only its form is looked at
    except ValueError:
        raise BadLine(f"{at!r} is not a time") from None
