"""Errors of a client, and which refusals pass by themselves."""

from __future__ import annotations

from typing import Final

from chatlog.client.frames import Error
from chatlog.domain.errors import ChatlogError, RateLimited, Refused

PASSING: Final = frozenset({"outcome_unknown", "overloaded", "unavailable", "rate_limited"})
"""Codes after which the same command, sent again, can succeed."""
ANOTHER_LOG: Final = frozenset({"after_unknown", "diverged"})
"""Codes that say that the log is not the one in which the client had read."""


class Unreachable(ChatlogError):
    """There is no connection to the server."""


def refusal(frame: Error) -> Refused:
    """Return the exception of an error that the server sent."""
    if frame.code == "rate_limited" and frame.retry_after is not None:
        return RateLimited(frame.message, frame.retry_after)
    return Refused(frame.code, frame.message)


def retry_seconds(error: Refused) -> float:
    """Return the pause that a refusal asks for; 0 if it says none."""
    return error.retry_after if isinstance(error, RateLimited) else 0.0
