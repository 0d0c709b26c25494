"""Write down what PostgreSQL makes of the migrations: ``python -m bench.definitions``.

Run it after each new migration: ``chatlog verify`` holds a log's objects against what it
writes. By itself it asks the PostgreSQL that the tests use; with ``--database URL`` (an
empty database, its schema ``chatlog`` is made and dropped) another, of whichever version.
A text that is still rendered keeps the versions that are known to render it so; one that
is not any more is dropped, for all versions.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from dataclasses import asdict

import sqlalchemy as sa

from chatlog.databases.opening import open_for_writing
from chatlog.databases.postgres.definitions import (
    FILE,
    Rendering,
    Renderings,
    expected,
)
from chatlog.databases.postgres.objects import major_version, read_objects
from chatlog.databases.postgres.statements import SCHEMA
from tests.support.postgres import fresh_database, running_postgres


async def render(url: str) -> tuple[int, dict[str, str]]:
    """Return the major version of a server and how it renders a new log's objects."""
    async with open_for_writing(url, share=True) as database:
        async with database.read() as connection:
            major, found = await major_version(connection), await read_objects(connection)
        async with database.write() as connection:
            await connection.execute(sa.text(f"DROP SCHEMA {SCHEMA} CASCADE"))
            await connection.commit()
    return major, {f"{kind} {name}": text for (kind, name), text in sorted(found.items())}


def merged(old: Renderings, major: int, found: dict[str, str]) -> Renderings:
    """Return the renderings known with those that were just found."""
    return {name: _of(old.get(name, []), major, text) for name, text in found.items()}


def _of(old: list[Rendering], major: int, text: str) -> list[Rendering]:
    # What this very version rendered otherwise before was another definition.
    is_other = any(major in one.majors and one.text != text for one in old)
    kept = {one.text: set(one.majors) for one in old if one.text == text or not is_other}
    kept.setdefault(text, set()).add(major)
    return [Rendering(tuple(sorted(majors)), text) for text, majors in sorted(kept.items())]


def _written(renderings: Renderings) -> str:
    """Return the file's text: a line an object, so that a change is seen for what it is."""
    lines = [
        f"{json.dumps(name)}: {json.dumps([asdict(one) for one in found])}"
        for name, found in sorted(renderings.items())
    ]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main() -> None:
    """Run as the arguments say."""
    parser = argparse.ArgumentParser(prog="python -m bench.definitions", description=__doc__)
    parser.add_argument("--database", metavar="URL")
    url = parser.parse_args().database
    if url is not None:
        major, found = asyncio.run(render(url))
    else:
        with running_postgres() as server, fresh_database(server) as fresh:
            major, found = asyncio.run(render(fresh))
    old = expected() if FILE.exists() else {}
    FILE.write_text(_written(merged(old, major, found)))
    print(f"{FILE.name}: {len(found)} objects as PostgreSQL {major} renders them")


if __name__ == "__main__":
    main()
