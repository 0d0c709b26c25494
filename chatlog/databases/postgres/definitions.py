"""Compare a PostgreSQL log's objects with recorded renderings of those of a new log.

A reader cannot run the migrations for comparison, so their objects are recorded in a file:
each with the text that certain major versions of PostgreSQL render (nearly always the same;
16 changed how it writes a view's columns). ``python -m bench.definitions`` regenerates the file.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from chatlog.databases.backend import Lend, SchemaVerdict
from chatlog.databases.postgres.objects import KINDS, major_version, read_objects
from chatlog.databases.revisions import is_newer, revision_of

FILE: Final = Path(__file__).with_name("definitions.json")

_FREE: Final = {"table", "index", "constraint", "function", "view"}
"""Kinds of which somebody may have added some: they change no event, nor what a view says."""


@dataclass(frozen=True, slots=True)
class Rendering:
    """The text that these major versions render for one object."""

    majors: tuple[int, ...]
    text: str


Renderings = dict[str, list[Rendering]]


@cache
def expected() -> Renderings:
    """Return the known renderings of each object, by kind and name."""
    said = json.loads(FILE.read_bytes())
    return {
        name: [Rendering(tuple(one["majors"]), one["text"]) for one in renderings]
        for name, renderings in said.items()
    }


async def check_objects(read: Lend) -> SchemaVerdict:
    """Compare a PostgreSQL log's objects with those of the migrations."""
    async with read() as connection:
        revision = await revision_of(connection)
        major, found = await major_version(connection), await read_objects(connection)
    known = await asyncio.to_thread(expected)
    return compare(
        {f"{kind} {name}": text for (kind, name), text in found.items()},
        known,
        major,
        is_newer=revision is not None and is_newer(revision),
    )


def compare(
    found: Mapping[str, str], known: Renderings, major: int, *, is_newer: bool = False
) -> SchemaVerdict:
    """Compare the renderings by a server of this major version with the known ones.

    A log that ``is_newer`` may have more columns, and more of everything on tables of its own.
    """
    unsure = []
    for name, renderings in known.items():
        if name not in found:
            return SchemaVerdict(KINDS, f"the {name} is missing")
        if any(found[name] == rendering.text for rendering in renderings):
            continue
        if is_newer and any(_only_adds(found[name], one.text) for one in renderings):
            continue
        if any(major in rendering.majors for rendering in renderings):
            return SchemaVerdict(KINDS, f"the {name} differs from what the migrations created")
        unsure.append(name)
    for name in sorted(found.keys() - known.keys()):
        kind, _, of = name.partition(" ")
        is_of_its_own = is_newer and f"table {of.partition('.')[0]}" not in known
        if kind not in _FREE and not is_of_its_own:
            return SchemaVerdict(KINDS, f"the {name} was not created by the migrations")
    return SchemaVerdict(KINDS, None, tuple(f"the {name}" for name in unsure))


def _only_adds(found: str, text: str) -> bool:
    """Return whether a table's rendering is another's with more columns after its own."""
    columns, end, rest = text.rpartition(")")
    return bool(end) and found.startswith(f"{columns}, ") and found.endswith(f"){rest}")
