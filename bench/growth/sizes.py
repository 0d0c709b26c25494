"""How many bytes of the log an event takes: the table, and each of its indexes."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

import asyncpg
import sqlalchemy as sa

_EVENTS: Final = "SELECT count(*) FROM events"
# Pages are counted because the size of an aggregate is wrong beyond 2 GiB.
# A table is called by its own name in both, and what is neither it nor its index is the rest.
_SQLITE: Final = """
SELECT CASE WHEN s.tbl_name IN ('events', 'sessions') THEN d.name ELSE 'all else' END,
       sum(d.pageno) * (SELECT page_size FROM pragma_page_size)
FROM dbstat AS d LEFT JOIN sqlite_master AS s ON s.name = d.name
WHERE d.aggregate = TRUE
GROUP BY 1
"""
_POSTGRESQL: Final = """
SELECT CASE WHEN t.relname IN ('events', 'sessions') THEN c.relname ELSE 'all else' END,
       sum(pg_relation_size(c.oid))::bigint
FROM pg_class AS c
LEFT JOIN pg_index AS i ON i.indexrelid = c.oid
JOIN pg_class AS t ON t.oid = coalesce(i.indrelid, c.oid)
WHERE c.relnamespace = 'chatlog'::regnamespace AND c.relkind IN ('r', 'i')
GROUP BY 1
"""


async def bytes_per_event(database: str) -> dict[str, float]:
    """Return the bytes an event of each table and index, by name; all other tables together."""
    url = sa.make_url(database)
    if url.get_backend_name() == "sqlite":
        assert url.database is not None
        return _of_sqlite(Path(url.database))
    return await _of_postgres(database)


def _of_sqlite(path: Path) -> dict[str, float]:
    connection = sqlite3.connect(path)
    try:
        [events] = connection.execute(_EVENTS).fetchone()
        return {name: size / events for name, size in connection.execute(_SQLITE)}
    finally:
        connection.close()


async def _of_postgres(database: str) -> dict[str, float]:
    connection = await asyncpg.connect(database, server_settings={"search_path": "chatlog"})
    try:
        events = await connection.fetchval(_EVENTS)
        return {name: size / events for name, size in await connection.fetch(_POSTGRESQL)}
    finally:
        await connection.close()
