"""Classify PostgreSQL's errors by their SQLSTATEs (PostgreSQL manual, appendix A)."""

from __future__ import annotations

from typing import Final

from chatlog.databases.backend import Failure
from chatlog.databases.discreet import sqlstate

# SQLSTATEs and their classes.
_FAILURES: Final = {
    "53100": Failure.FULL,
    "53": Failure.UNAVAILABLE,
    "22": Failure.BAD_ROW,
    "23": Failure.BAD_ROW,
    "40001": Failure.CONFLICT,  # serialization_failure, also at the commit, which it undoes
    "40P01": Failure.CONFLICT,  # deadlock_detected, likewise
    "40003": Failure.UNKNOWN,  # statement_completion_unknown
    "40": Failure.UNAVAILABLE,
    "55": Failure.UNAVAILABLE,
    "25": Failure.UNAVAILABLE,
    "XX": Failure.FATAL,
}
# unique_violation, duplicate_schema, duplicate_table: another start has just made it.
_MADE_BY_ANOTHER: Final = {"23505", "42P06", "42P07"}
# lock_not_available, deadlock_detected
_CONTENDED: Final = {"55P03", "40P01"}


def _state(error: BaseException) -> str:
    """Return the SQLSTATE of an error, of the driver or wrapped by SQLAlchemy; or nothing."""
    return sqlstate(getattr(error, "orig", error))


def failure(error: Exception) -> Failure:
    """Classify an error by its SQLSTATE."""
    cause = getattr(error, "orig", error)
    state = _state(error)
    # A value that the driver cannot encode never reaches the server, so it has no SQLSTATE.
    if isinstance(cause.__cause__ or cause, ValueError | OverflowError):
        return Failure.BAD_ROW
    return _FAILURES.get(state) or _FAILURES.get(state[:2], Failure.UNKNOWN)


def is_race(error: BaseException) -> bool:
    """Return whether a concurrent migration has just created the same object."""
    return _state(error) in _MADE_BY_ANOTHER


def is_contended(error: BaseException) -> bool:
    """Return whether a lock was not to be had in time."""
    return _state(error) in _CONTENDED
