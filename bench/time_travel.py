"""How long questions about the past take in one room: ``python -m bench.time_travel``.

Makes a log of one room with so many sessions (2 events each; most stay for about forty
events, some for a hundredth of the log, fifty for half of it), asks at five places of it,
and prints milliseconds: the median of twenty, and the longest. The chain is left out:
nobody asks for it here. With a database that is full already, only asks.
"""

from __future__ import annotations

import argparse
import asyncio
import heapq
import sqlite3
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from random import Random
from typing import Any

import asyncpg
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bench.histories.chained import COLUMNS
from bench.histories.load_sqlite import _set_aside
from chatlog.audit.locating import Room, find_moment, find_room
from chatlog.audit.presence import present_at
from chatlog.audit.sessions import find_range, sessions_within
from chatlog.audit.witnesses import witnesses_of
from chatlog.databases.database import Database
from chatlog.databases.migrate import migrate
from chatlog.databases.sqlite.backend import Sqlite

NAME, USERS, RUNS = "general", 20_000, 20
Row = tuple[Any, ...]


def at(seq: int) -> str:
    moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seq)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Crowd:
    """Comings and goings; ``sessions`` is complete once ``events`` has been told."""

    def __init__(self, sessions: int) -> None:
        self._random = Random(1)
        self._wanted = sessions
        self.sessions: list[Row] = []

    def events(self) -> Iterator[Row]:
        """Yield the rows of events."""
        leaving: list[tuple[int, int, int, str, int]] = []
        counts = [0] * USERS
        seq = joined = 0
        while joined < self._wanted or leaving:
            seq += 1
            if leaving and (leaving[0][0] <= seq or joined == self._wanted):
                _, began, user, session, replay = heapq.heappop(leaving)
                counts[user] -= 1
                yield self._event(seq, "leave", user, session, counts[user], None)
                stay = (began, at(began), replay, seq, at(seq), "left", None)
                self.sessions.append((session, 1, user + 1, 1, *stay))
                continue
            user, session = self._random.randrange(USERS), f"{joined:032x}"
            counts[user] += 1
            replay = max(1, seq - self._random.choice((0, 50, 50, 100, 499)))
            yield self._event(seq, "join", user, session, counts[user], replay)
            heapq.heappush(leaving, (seq + self._length(joined), seq, user, session, replay))
            joined += 1

    def _length(self, number: int) -> int:
        if number % max(1, self._wanted // 50) == 0:
            return self._wanted
        if number % 1_000 == 0:
            return self._wanted // 50
        return 1 + int(self._random.expovariate(1 / 40))

    def _event(
        self, seq: int, kind: str, user: int, session: str, count: int, replay: int | None
    ) -> Row:
        row = dict.fromkeys(COLUMNS)
        row |= {"position": seq, "room_id": 1, "seq": seq, "at": at(seq), "type": kind}
        row |= {"version": 1, "user_id": user + 1, "node_id": 1, "session": session}
        row |= {"sessions": count, "replay_from": replay, "hash": b"\0" * 32}
        row["cause"] = "left" if kind == "leave" else None
        return tuple(row[name] for name in COLUMNS)


def others() -> dict[str, list[Row]]:
    user = [(n, f"{n:032x}", f"user {n}", b"", b"", None) for n in range(1, USERS + 1)]
    node = (1, "bench.0", "bench", at(0), at(0), at(0), 15.0, None)
    return {"nodes": [node], "rooms": [(1, "0" * 32, NAME)], "users": user}


def fill_sqlite(crowd: Crowd, path: str) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=OFF")
    connection.execute("BEGIN")
    set_aside = _set_aside(connection)
    tables: dict[str, Any] = {**others(), "events": crowd.events(), "sessions": crowd.sessions}
    for table, rows in tables.items():
        columns = connection.execute(f"SELECT * FROM {table}").description
        marks = ",".join("?" * len(columns))
        connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
    for statement in set_aside:
        connection.execute(statement)
    connection.execute("COMMIT")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.close()


async def fill_postgres(crowd: Crowd, url: str) -> None:
    connection = await asyncpg.connect(url, server_settings={"search_path": "chatlog"})
    await connection.execute("SET session_replication_role = replica")
    for table, rows in others().items():
        await connection.copy_records_to_table(table, records=rows)
    events = crowd.events()
    while chunk := list(islice(events, 50_000)):
        await connection.copy_records_to_table("events", records=chunk, columns=COLUMNS)
    await connection.copy_records_to_table("sessions", records=crowd.sessions)
    await connection.execute("ANALYZE")
    await connection.close()


async def fill(database: Database, url: str, sessions: int) -> None:
    crowd = Crowd(sessions)
    if isinstance(database.backend, Sqlite):
        fill_sqlite(crowd, str(database.backend.path))
    else:
        plain = sa.make_url(url).set(drivername="postgresql")
        await fill_postgres(crowd, plain.render_as_string(hide_password=False))


Question = Callable[[AsyncConnection, Room, int], Awaitable[int]]


async def users_at_seq(connection: AsyncConnection, room: Room, seq: int) -> int:
    return len(await present_at(connection, room.number, seq, moment=at(seq)))


async def users_at_time(connection: AsyncConnection, room: Room, seq: int) -> int:
    moment = await find_moment(connection, room, at(seq))
    return len(await present_at(connection, room.number, moment.seq, moment=moment.time))


async def sessions_page(connection: AsyncConnection, room: Room, seq: int) -> int:
    within = await find_range(connection, room, max(1, seq), None)
    return len(await sessions_within(connection, room, within, after=0, limit=100))


async def witnesses_page(connection: AsyncConnection, room: Room, seq: int) -> int:
    found, _ = await witnesses_of(connection, room, max(1, seq), at(seq), limit=500)
    return len(found)


async def by_beginning_alone(connection: AsyncConnection, room: Room, seq: int) -> int:
    """Count them without the classes of lengths, for comparison."""
    plain = sa.text(
        "SELECT count(*) FROM sessions WHERE room_id = :room AND joined_seq <= :seq "
        "AND (left_seq IS NULL OR left_seq > :seq)"
    )
    found = await connection.execute(plain, {"room": room.number, "seq": seq})
    return int(found.scalar_one())


QUESTIONS: tuple[Question, ...] = (
    users_at_seq,
    users_at_time,
    sessions_page,
    witnesses_page,
    by_beginning_alone,
)


async def ask(database: Database) -> None:
    async with database.read() as connection:
        room = await find_room(connection, NAME)
    print(f"{room.head:,} events")
    for question in QUESTIONS:
        runs = 3 if question is by_beginning_alone else RUNS
        for part in (0, 25, 50, 75, 100):
            seq = room.head * part // 100
            times, answers = [], 0
            for _ in range(runs):
                began = time.perf_counter()
                async with database.read() as connection:
                    answers = await question(connection, room, seq)
                times.append((time.perf_counter() - began) * 1e3)
            middle, longest = statistics.median(times), max(times)
            print(
                f"{question.__name__:20} at {part:3} %: {middle:8.1f} ms, "
                f"longest {longest:8.1f} ms, {answers} answers"
            )


async def run(url: str, sessions: int) -> None:
    database = Database(url)
    try:
        await migrate(database)
        async with database.read() as connection:
            empty = (await connection.execute(sa.text("SELECT count(*) FROM rooms"))).scalar() == 0
        if empty:
            await database.dispose()  # the file is filled by a connection of its own
            began = time.monotonic()
            await fill(database, url, sessions)
            print(f"{sessions:,} sessions made in {time.monotonic() - began:.0f} s")
        await ask(database)
    finally:
        await database.dispose()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.time_travel", description=__doc__)
    parser.add_argument("--database", required=True, help="URL of an empty log, or of one made so")
    parser.add_argument("--sessions", type=int, default=1_000_000)
    wanted = parser.parse_args()
    asyncio.run(run(wanted.database, wanted.sessions))


if __name__ == "__main__":
    main()
