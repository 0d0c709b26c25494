"""``chatlog sql``: run a ready-made query on the audit views."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import tzinfo

import click
import msgspec

from chatlog.audit.points import parse_days, parse_limit, parse_point
from chatlog.audit.queries import Parameter, Query, by_topic, queries, run_query
from chatlog.cli import output
from chatlog.cli.failures import failures_are_sentences
from chatlog.cli.options import database_option, json_option, run, zone_option
from chatlog.databases.opening import open_for_reading
from chatlog.domain import times
from chatlog.domain.errors import LogError
from chatlog.domain.zones import on_clock

Row = dict[str, object]


@click.command()
@click.argument("name", required=False)
@click.option(
    "--param",
    "params",
    multiple=True,
    metavar="KEY=VALUE",
    help="A parameter of the query (repeatable). A time is such as 2026-11-22T14:03; a date "
    "means its first moment, or as `to` its whole day.",
)
@click.option("--show", is_flag=True, help="Print the SQL instead of running it.")
@zone_option
@json_option
@database_option
@failures_are_sentences
def sql(
    name: str | None,
    params: Sequence[str],
    show: bool,
    zone: tzinfo,
    as_json: bool,
    database: str,
) -> None:
    """Run the query called NAME; without NAME, list the queries by topic.

    The queries are plain SQL on the audit views; docs/audit-sql.md documents them all.
    """
    if name is None:
        _list(as_json)
        return
    query = queries().get(name)
    if query is None:
        raise LogError(f"There is no query {name!r}; `chatlog sql` lists them.")
    if show:
        output.write_text([query.sql.encode() + b";\n"])
        return
    rows = run(_run_query(query, _told(query, params, zone), database))
    _print(rows, zone, as_json=as_json)


def _list(as_json: bool) -> None:
    if as_json:
        output.write_lines(msgspec.json.encode(query) for query in queries().values())
        return
    table = output.table("name", "question", "parameters")
    for topic, found in by_topic().items():
        table.add_section()
        table.add_row(f"{topic}:", "", "", style="bold")
        for query in found:
            names = " ".join(parameter.name for parameter in query.parameters)
            table.add_row(query.name, query.title, names)
    output.console().print(table)


def _told(query: Query, params: Sequence[str], zone: tzinfo) -> Mapping[str, object]:
    """Return the value of each parameter of the query."""
    given = dict(_pair(param) for param in params)
    names = {parameter.name for parameter in query.parameters}
    if unknown := given.keys() - names:
        raise LogError(f"{query.name} has no parameter {', '.join(sorted(unknown))}.")
    if missing := [p for p in query.parameters if p.name not in given]:
        wanted = " ".join(f"--param {p.name}=… ({p.about})" for p in missing)
        raise LogError(f"{query.name} is missing {wanted}")
    return {p.name: _value(p, given[p.name], zone) for p in query.parameters}


def _pair(param: str) -> tuple[str, str]:
    name, found, value = param.partition("=")
    if not found:
        raise LogError(f"Give a parameter as KEY=VALUE, not as {param!r}.")
    return name, value


def _value(parameter: Parameter, text: str, zone: tzinfo) -> object:
    if parameter.kind == "text":
        return text
    if parameter.kind == "days":
        return parse_days(text, zone)
    value = parse_limit(text, zone) if parameter.kind == "end" else parse_point(text, zone)
    if isinstance(value, int) != (parameter.kind == "seq"):
        kind = "seq" if parameter.kind == "seq" else "time"
        raise LogError(f"{parameter.name} takes a {kind}, not {text!r}.")
    return value


async def _run_query(query: Query, told: Mapping[str, object], url: str) -> list[Row]:
    async with open_for_reading(url, patient=True) as database, database.read() as connection:
        return [_truth(dict(row)) for row in await run_query(connection, query, told)]


def _print(rows: Sequence[Row], zone: tzinfo, *, as_json: bool) -> None:
    if as_json:
        output.write_lines(map(msgspec.json.encode, rows))
    elif rows:
        table = output.table(*rows[0])
        for row in rows:
            table.add_row(*(output.cell(_local(value, zone)) for value in row.values()))
        output.console().print(table)


def _local(value: object, zone: tzinfo) -> object:
    """Return a time of the log as local time, and anything else as it is."""
    is_time = isinstance(value, str) and re.match(times.PATTERN, value)
    return on_clock(str(value), zone) if is_time else value


def _truth(row: Row) -> Row:
    """Return the row with ``erased`` as a boolean: SQLite gives 0 or 1."""
    return row | {"erased": bool(row["erased"])} if "erased" in row else row
