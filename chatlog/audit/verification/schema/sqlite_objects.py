"""Check that a SQLite log's tables, indexes, views and triggers are those of the migrations.

A missing trigger lets events be changed; an altered view misreports events that are right.
Added tables, indexes and views do no harm. SQLite interprets an object by its SQL alone, not
by the type and name in its row, nor by a name that looks like one of its own: so this compares
everything.
"""

from __future__ import annotations

import re
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.audit.verification.schema.verdict import SchemaVerdict
from chatlog.databases.database import Database
from chatlog.databases.migrate import migrate

KINDS: Final = ("table", "index", "trigger", "view")

_Object = tuple[object, object, object, object]
"""Type, name, table and SQL; a tampered row may hold values of any type."""

_OBJECTS: Final = sa.text("SELECT type, name, tbl_name, sql FROM sqlite_master")
_FREE: Final = re.compile(r"CREATE (?:UNIQUE |VIRTUAL )?(TABLE|INDEX|VIEW) ")
# ANALYZE, which anybody may run, makes and drops them.
_STATISTICS: Final = "sqlite_stat"
_made: list[_Object] = []


async def check_objects(connection: AsyncConnection) -> SchemaVerdict:
    """Compare the file's schema with that of a new log."""
    return SchemaVerdict(KINDS, compare(await _objects(connection), await _expected()))


def compare(found: Iterable[_Object], expected: Iterable[_Object]) -> str | None:
    """Return in a clause what differs; None if nothing does."""
    there: dict[object, list[_Object]] = defaultdict(list)
    for one in found:
        there[one[1]].append(one)
    for one in expected:
        what = f"the {one[0]} {one[1]}"
        rows = there.pop(one[1], [])
        if not rows:
            return f"{what} is missing"
        if rows != [one]:
            return f"{what} differs from what the migrations created"
    more = sorted(f"the {one[0]} {one[1]}" for rows in there.values() for one in rows if _acts(one))
    return f"{more[0]} was not created by the migrations" if more else None


def _acts(one: _Object) -> bool:
    """Return whether an added object may have effects on the log."""
    kind, name, _table, sql = one
    if sql is None:
        return kind != "index" or not str(name).startswith("sqlite_autoindex_")
    made = _FREE.match(sql) if isinstance(sql, str) else None
    return made is None or made[1].lower() != kind


async def _expected() -> list[_Object]:
    if not _made:
        with tempfile.TemporaryDirectory(prefix="chatlog-") as folder:
            database = Database(f"sqlite:///{folder}/new.db", readers=1)
            try:
                await migrate(database)
                async with database.read() as connection:
                    new = await _objects(connection)
            finally:
                await database.dispose()
        _made[:] = [one for one in new if not str(one[1]).startswith(_STATISTICS)]
    return _made


async def _objects(connection: AsyncConnection) -> list[_Object]:
    return [tuple(row) for row in await connection.execute(_OBJECTS)]
