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
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from chatlog.databases.backend import Lend, SchemaVerdict
from chatlog.databases.revisions import is_newer, revision_of, upgrade
from chatlog.databases.schema import metadata

KINDS: Final = ("tables", "indexes", "triggers", "views")

_Object = tuple[object, object, object, object]
"""Type, name, table and SQL; a tampered row may hold values of any type."""

_OBJECTS: Final = sa.text("SELECT type, name, tbl_name, sql FROM sqlite_master")
_FREE: Final = re.compile(r"CREATE (?:UNIQUE |VIRTUAL )?(TABLE|INDEX|VIEW) ")
_COLUMNS: Final = re.compile(r"(?:, \w+ [A-Z]+)+")
# ANALYZE, which anybody may run, makes and drops them.
_STATISTICS: Final = "sqlite_stat"
_made: list[_Object] = []


async def check_objects(read: Lend, engine_of: Callable[[Path], AsyncEngine]) -> SchemaVerdict:
    """Compare the file's schema with that of a new log, made with an engine that writes to it."""
    async with read() as connection:
        revision, found = await revision_of(connection), await _objects(connection)
    newer = revision is not None and is_newer(revision)
    return SchemaVerdict(KINDS, compare(found, await _expected(engine_of), is_newer=newer))


async def check_file(read: Lend) -> SchemaVerdict:
    """Check each table's indexes against its rows; one table at a time keeps snapshots short."""
    for table in metadata.tables:
        async with read() as connection:
            statement = sa.text(f"PRAGMA integrity_check({table})")
            found = (await connection.execute(statement)).scalars().first()
        if found != "ok":
            return SchemaVerdict(("the file",), f"the file is damaged: {found}")
    return SchemaVerdict(("the file",))


def compare(
    found: Iterable[_Object], expected: Iterable[_Object], *, is_newer: bool = False
) -> str | None:
    """Return in a clause what differs; None if nothing does.

    A log that ``is_newer`` may have more columns, and triggers on tables of its own.
    """
    expected = list(expected)
    tables = {one[1] for one in expected if one[0] == "table"}
    there: dict[object, list[_Object]] = defaultdict(list)
    for one in found:
        there[one[1]].append(one)
    for one in expected:
        what = f"the {one[0]} {one[1]}"
        rows = there.pop(one[1], [])
        if not rows:
            return f"{what} is missing"
        if rows != [one] and not (is_newer and len(rows) == 1 and _only_adds(rows[0], one)):
            return f"{what} differs from what the migrations created"
    more = sorted(
        f"the {one[0]} {one[1]}"
        for rows in there.values()
        for one in rows
        if _acts(one) and not (is_newer and _is_trigger_of_other(one, tables))
    )
    return f"{more[0]} was not created by the migrations" if more else None


def _acts(one: _Object) -> bool:
    """Return whether an added object may have effects on the log."""
    kind, name, _table, sql = one
    if sql is None:
        return kind != "index" or not str(name).startswith("sqlite_autoindex_")
    made = _FREE.match(sql) if isinstance(sql, str) else None
    return made is None or made[1].lower() != kind


def _only_adds(found: _Object, one: _Object) -> bool:
    """Return whether a table is another with more columns, which SQLite puts after its own."""
    sql, own = found[3], str(one[3])
    if one[0] != "table" or found[:3] != one[:3] or not isinstance(sql, str):
        return False
    more = len(sql) - len(own)
    return any(
        sql[:at] == own[:at]
        and sql[at + more :] == own[at:]
        and _COLUMNS.fullmatch(sql, at, at + more)
        for at in range(len(own))
    )


def _is_trigger_of_other(one: _Object, tables: Collection[object]) -> bool:
    kind, _name, table, sql = one
    is_trigger = kind == "trigger" and isinstance(sql, str) and sql.startswith("CREATE TRIGGER ")
    return is_trigger and table not in tables


async def _expected(engine_of: Callable[[Path], AsyncEngine]) -> list[_Object]:
    if not _made:
        with tempfile.TemporaryDirectory(prefix="chatlog-") as folder:
            engine = engine_of(Path(folder) / "new.db")
            try:
                async with engine.connect() as connection, connection.begin():
                    await upgrade(connection)
                    new = await _objects(connection)
            finally:
                await engine.dispose()
        _made[:] = [one for one in new if not str(one[1]).startswith(_STATISTICS)]
    return _made


async def _objects(connection: AsyncConnection) -> list[_Object]:
    return [tuple(row) for row in await connection.execute(_OBJECTS)]
