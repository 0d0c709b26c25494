"""Load a story into a migrated, empty PostgreSQL database, by COPY.

Foreign keys and triggers rest meanwhile (``session_replication_role``), for which the role
must be a superuser; the erasing comes last, under the triggers.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

import asyncpg

from bench.histories.chained import COLUMNS
from bench.histories.story import Story
from bench.histories.tables import around

_CHUNK = 20_000
_ERASE = "UPDATE events SET text = NULL, text_salt = NULL WHERE room_id = $1 AND seq = $2"


async def load(story: Story, url: str, progress: Callable[[int], None]) -> None:
    """Write the whole story; call ``progress`` with the number of events so far."""
    connection = await asyncpg.connect(url, server_settings={"search_path": "chatlog"})
    try:
        async with connection.transaction():
            if await connection.fetchval("SELECT EXISTS (SELECT 1 FROM events)"):
                raise SystemExit("The database has events already: a made-up log starts empty.")
            await connection.execute("SET session_replication_role = replica")
            rows, written = story.events(), 0
            while chunk := list(islice(rows, _CHUNK)):
                await connection.copy_records_to_table("events", records=chunk, columns=COLUMNS)
                written += len(chunk)
                progress(written)
            secret = await connection.fetchval("SELECT value FROM meta WHERE name = 'name_secret'")
            for table, others in around(story, secret).items():
                await connection.copy_records_to_table(table, records=others)
            await connection.execute("SET session_replication_role = origin")
            await connection.executemany(_ERASE, story.redacted)
        await connection.execute("ANALYZE")
    finally:
        await connection.close()
