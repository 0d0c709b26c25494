"""Append a batch that was decided from memory: one transaction, in one hop to SQLite's thread.

Nobody else writes to the file while its lock is held, so what this process remembers of the log's
end is true. The transaction checks that nevertheless, with the lease, in the statement that renews
it. SQLAlchemy's layer is passed over: it cost more than SQLite, 0.6 of 0.9 ms for a batch of one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from functools import cache, partial
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite.base import SQLiteDialect

from chatlog.databases.backend import Append
from chatlog.databases.sqlite.one_hop import OneHopConnection
from chatlog.domain.errors import LeaseLost

RENEW: Final = (
    "UPDATE nodes SET renewed_at = max(renewed_at, :now), "
    "seen_at = CASE WHEN renewed_at IS NULL THEN max(seen_at, :now) ELSE seen_at END "
    "WHERE id = :node AND node = :name AND ended_at IS NULL "
    "RETURNING (SELECT coalesce(max(position), 0) FROM events), coalesce(renewed_at, seen_at)"
)
"""Renews a node's lease; returns the log's last position and the time of the node's row."""

_MANY: Final = 4
"""The number of rows from which on it pays to look which columns they fill."""


class _Moved(Exception):
    """The log is not where the append was decided."""


async def append(connection: OneHopConnection, append: Append) -> bool:
    """Write an append; False if nothing was written, because it was decided for another log.

    Raises:
        LeaseLost: if this node was declared dead.
        sqlite3.Error: the driver's own.
    """

    def committing() -> None:
        append.is_committing = True

    try:
        append.fixed_seconds = await connection.whole(partial(_write, append), committing)
    except _Moved:
        return False
    return True


def _write(append: Append, file: sqlite3.Connection) -> None:
    values = {"node": append.node, "name": append.name, "now": append.now}
    found = renewed_or_lost(file.execute(RENEW, values).fetchone())
    if found != (append.position, append.now):
        raise _Moved
    for statement, rows in append.writes:
        if isinstance(rows[0], dict):
            file.executemany(_text(statement, tuple(rows[0])), rows)
        elif isinstance(statement, sa.Insert) and len(rows) >= _MANY:
            filled, lean = _lean(rows)
            file.executemany(_filled_text(statement, filled), lean)
        else:
            file.executemany(_text(statement, None), rows)


def _lean(rows: Sequence[tuple[Any, ...]]) -> tuple[tuple[int, ...], Iterable[tuple[Any, ...]]]:
    """Return rows without the columns that are NULL in all of them, and the others' indexes.

    The driver of Python 3.11 raises an AttributeError for each NULL and each ``bytes``, and drops
    it, while it looks for an adapter: a fifth of what an event costs. A ``bytearray`` has none.
    """
    columns = list(zip(*rows, strict=True))
    filled = tuple(i for i, column in enumerate(columns) if column.count(None) < len(rows))
    kept = (columns[i] for i in filled)
    lean = [map(bytearray, one) if set(map(type, one)) == {bytes} else one for one in kept]
    return filled, zip(*lean, strict=True)


def renewed_or_lost(found: tuple[Any, ...] | None) -> tuple[int, str]:
    """Return the row of ``RENEW``: the log's last position and the node's time.

    Raises:
        LeaseLost: if there is none.
    """
    if found is None:
        raise LeaseLost("This server was declared dead; its sessions have lapsed.")
    position, now = found
    return position, now


@cache
def _text(statement: sa.Executable, keys: tuple[str, ...] | None) -> str:
    """Return a statement for dictionaries with these keys, or for tuples of all its columns."""
    dialect = SQLiteDialect(paramstyle="qmark" if keys is None else "named")
    assert isinstance(statement, sa.ClauseElement)
    return str(statement.compile(dialect=dialect, column_keys=keys))


@cache
def _filled_text(statement: sa.Insert, filled: tuple[int, ...]) -> str:
    """Return an INSERT of some of the table's columns, for tuples of them."""
    names = [column.name for column in statement.table.columns]
    dialect = SQLiteDialect(paramstyle="qmark")
    return str(statement.compile(dialect=dialect, column_keys=[names[i] for i in filled]))
