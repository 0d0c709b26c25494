"""The times and limits of a client."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a client waits, and how much it keeps."""

    connect_seconds: float = 10.0
    """How long ``connect`` tries to get its first connection."""
    first_retry_seconds: float = 0.4
    """The first pause before the next connection. Pauses double, and half of each is random."""
    max_retry_seconds: float = 15.0
    first_resend_seconds: float = 0.5
    """The first pause before a command is sent again that was refused for the moment."""
    max_resend_seconds: float = 30.0
    answer_seconds: float = 15.0
    """After this a command without an answer is sent again, under the same id."""
    heartbeat_seconds: float = 20.0
    """A connection silent for so long is asked whether it is there; half of it later it is given
    up."""
    max_waiting_events: int = 1_000
    """How many events of a room wait for a reader who is slow; what is beyond is read from the
    server's log later."""
    max_frame_bytes: int = 16 * 1024 * 1024


DEFAULT_LIMITS: Final = Limits()


def pause_seconds(first: float, most: float, attempt: int, chance: float) -> float:
    """Return the pause before a retry; ``attempt`` counts from 0, and 0 ≤ ``chance`` < 1.

    Doubling spares a server that fails. The random half keeps a thousand clients that lost it at
    the same moment from coming back at the same moment.
    """
    full = min(most, first * 2.0 ** min(attempt, 20))
    return full / 2 + full / 2 * chance
