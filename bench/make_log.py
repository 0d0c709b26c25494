"""Make a log of any size: ``python -m bench.make_log --events 10000000 --database URL``.

It looks like years of a busy server (rooms and people of very different popularity, second
sessions, crashes, redactions, erased people) and obeys every rule: seqs without gaps, a
hash chain that verifies, a sessions table that is the fold of the events. The same seed
gives the same log but for what the database chose itself, the key under which names are found.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time

import sqlalchemy as sa

from bench.histories import load_postgres, load_sqlite
from bench.histories.shape import Shape, usual
from bench.histories.story import Story
from chatlog.databases.database import Database
from chatlog.databases.migrate import migrate
from chatlog.databases.sqlite.backend import Sqlite


async def make_log(url: str, shape: Shape) -> Story:
    """Migrate the empty database and fill it; return the story that it tells."""
    database = Database(url)
    try:
        await migrate(database)
    finally:
        await database.dispose()
    story = Story(shape)
    if isinstance(database.backend, Sqlite):
        load_sqlite.load(story, database.backend.path, _say)
    else:
        plain = sa.make_url(url).set(drivername="postgresql")
        await load_postgres.load(story, plain.render_as_string(hide_password=False), _say)
    return story


def _say(written: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{written:,} events", end="", file=sys.stderr, flush=True)


def main() -> None:
    """Make a log as the arguments say, and say how long it took."""
    parser = argparse.ArgumentParser(prog="python -m bench.make_log", description=__doc__)
    parser.add_argument("--database", default="sqlite:///made.db", help="URL of an empty log")
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    began = time.monotonic()
    shape = usual(wanted.events, seed=wanted.seed)
    asyncio.run(make_log(wanted.database, shape))
    seconds = time.monotonic() - began
    rate = wanted.events / seconds
    print(f"\n{wanted.events:,} events in {seconds:.1f} s, {rate:,.0f} a second", file=sys.stderr)


if __name__ == "__main__":
    main()
