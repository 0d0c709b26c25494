"""Strip content from errors: a database's message about a row must not reach a log or an answer.

PostgreSQL's ``DETAIL`` quotes the row (``Failing row contains …``), asyncpg quotes an argument
that it cannot encode, and Python's Unicode errors hold the whole text. So quoted values are
removed from an engine's errors as they are raised, before anything can log them. Log errors
with ``describe``.
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from chatlog.domain.errors import ChatlogError, Refused

_QUOTING_CLASSES: Final = ("22", "23")
"""The SQLSTATE classes (data exception, constraint violation) whose messages quote values."""


def keep_content_out_of_errors(engine: sa.Engine) -> None:
    """Remove quoted values from every error that a statement of this engine raises."""

    @sa.event.listens_for(engine, "handle_error")
    def strip(context: Any) -> None:
        found = {context.original_exception, context.sqlalchemy_exception} - {None}
        for error in found:
            strip_content(error)


def strip_content(error: BaseException | None) -> None:
    """Remove quoted values from an error and its causes, in place."""
    while error is not None:
        _strip(error)
        if (orig := getattr(error, "orig", None)) is not None and orig is not error:
            strip_content(orig)
        error = error.__cause__ or error.__context__


def _strip(error: BaseException) -> None:
    state = sqlstate(error)
    if isinstance(error, UnicodeError):
        error.args = ()
        if isinstance(error, UnicodeEncodeError):
            error.object = ""
    elif state.startswith(_QUOTING_CLASSES) or _is_asyncpg_input(error):
        constraint = getattr(error, "constraint_name", None)
        where = f" (constraint {constraint})" if constraint else ""
        error.args = (f"the row cannot be stored: SQLSTATE {state or 'none'}{where}",)
    elif error.args and isinstance(error.args[0], str):
        error.args = (error.args[0].partition("\nDETAIL:")[0], *error.args[1:])
    for quoted in ("detail", "hint", "internal_query", "where"):
        if getattr(error, quoted, None):
            setattr(error, quoted, None)


def sqlstate(error: BaseException) -> str:
    """Return the SQLSTATE of an error of PostgreSQL's driver, empty where it has none."""
    return getattr(error, "sqlstate", None) or getattr(error, "pgcode", None) or ""


def _is_asyncpg_input(error: BaseException) -> bool:
    """Whether asyncpg, or SQLAlchemy for it, refused an argument before it was sent."""
    return "invalid input for query argument" in str(error)


def describe(error: BaseException) -> str:
    """Return one line about a failure: the kind of error, and the database's or disk's message.

    A refusal is reduced to its code, since its sentence may contain a name; an error that is
    neither chatlog's nor a driver's to its class, since a ``KeyError`` may contain anything.
    """
    said = _said(error).strip().partition("\n")[0]
    described = f"{type(error).__name__}: {said}" if said else type(error).__name__
    cause = error.__cause__ if isinstance(error, ChatlogError) else None
    return described if cause is None else f"{described} because of {describe(cause)}"


def _said(error: BaseException) -> str:
    if isinstance(error, Refused):
        return error.code
    if isinstance(error, sa.exc.SQLAlchemyError):
        return str(getattr(error, "orig", None) or error)
    is_of_driver = hasattr(error, "sqlite_errorname") or hasattr(error, "sqlstate")
    return str(error) if is_of_driver or isinstance(error, (ChatlogError, OSError)) else ""
