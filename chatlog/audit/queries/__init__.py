"""Ready-made queries on a log, each an SQL file beside this module.

``chatlog sql``, ``docs/audit-sql.md`` and ``docs/datasette.json`` are all generated from these
files. A file begins with comments: the question in one sentence, its topic, notes on the answer,
then a line for each parameter with its name, kind and description. The rest is one statement on
the audit views, identical for SQLite and PostgreSQL.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

Kind = Literal["text", "seq", "time", "end", "days"]

_PARAMETER: Final = re.compile(r":(\w+) (text|seq|time|end|days) +(.+)")
_TOPIC: Final = "Topic: "
TOPICS: Final = ("Presence", "Messages", "Activity", "Rights", "Erasing", "Servers")
"""The topics of queries, in the order in which they are listed."""
_TYPES: Final[Mapping[str, type[sa.types.TypeEngine[Any]]]] = {
    "text": sa.Text,
    "seq": sa.BigInteger,
    "time": sa.Text,
    "end": sa.Text,
    "days": sa.Text,
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a query.

    A ``time`` is RFC 3339 text, UTC, 27 characters; an ``end`` is the exclusive end of a range.
    ``days`` are the days of a time zone, as ``audit.points.parse_days`` returns them.
    """

    name: str
    kind: Kind
    about: str


@dataclass(frozen=True, slots=True)
class Query:
    """A query on the log; ``sql`` is its statement, without the closing semicolon."""

    name: str
    title: str
    topic: str
    notes: str
    parameters: tuple[Parameter, ...]
    sql: str


@functools.cache
def queries() -> Mapping[str, Query]:
    """Return all queries by name, in order of names."""
    files = [f for f in resources.files(__name__).iterdir() if f.name.endswith(".sql")]
    found = [parse(f.name.removesuffix(".sql"), f.read_text(encoding="utf-8")) for f in files]
    return {query.name: query for query in sorted(found, key=lambda q: q.name)}


def by_topic() -> Mapping[str, list[Query]]:
    """Return the queries of each topic, in order of names."""
    return {t: [query for query in queries().values() if query.topic == t] for t in TOPICS}


def parse(name: str, text: str) -> Query:
    """Parse the query in a file."""
    lines = text.splitlines()
    comments = [line[3:] for line in lines if line.startswith("-- ")]
    topic = comments[1].removeprefix(_TOPIC)
    told = [found for line in comments[2:] if (found := _PARAMETER.fullmatch(line))]
    notes = [line for line in comments[2:] if not _PARAMETER.fullmatch(line)]
    sql = "\n".join(line for line in lines if not line.startswith("--"))
    parameters = tuple(Parameter(*found.groups()) for found in told)  # type: ignore[arg-type]
    statement = sql.strip().removesuffix(";")
    return Query(name, comments[0], topic, " ".join(notes), parameters, statement)


async def run_query(
    connection: AsyncConnection, query: Query, told: Mapping[str, object]
) -> Sequence[sa.RowMapping]:
    """Run a query and return its rows; ``told`` has a value for every parameter."""
    statement = sa.text(query.sql).bindparams(
        *(sa.bindparam(p.name, type_=_TYPES[p.kind]) for p in query.parameters)
    )
    return (await connection.execute(statement, dict(told))).mappings().all()
