"""Shared by several commands: ``--database`` and ``--config``, ``--json``, ``--types``, ``--tz``,
running a coroutine.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Coroutine
from datetime import tzinfo
from typing import Any, Final, TypeVar

import click

from chatlog.cli.given import ConfigOption
from chatlog.domain.errors import LogError, Refused
from chatlog.domain.zones import zone_named
from chatlog.kinds.registry import EVENT_TYPES, check_types
from chatlog.settings.serving import DEFAULT_DATABASE

R = TypeVar("R")
Command = TypeVar("Command", bound=Callable[..., Any])


DATABASE_HELP: Final = (
    "URL of the log: sqlite:///file.db or postgresql://…  [default: CHATLOG_DATABASE, "
    f"DATABASE_URL, the file of --config or {DEFAULT_DATABASE}]"
)


def database_option(command: Command) -> Command:
    """Add ``--database``, and ``--config`` with a file that may name the database."""
    database = click.option(
        "--database", metavar="URL", default=DEFAULT_DATABASE, help=DATABASE_HELP
    )
    config = click.option("--config", cls=ConfigOption, names={"database"})
    return database(config(command))


json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object per line."
)


def _parse_types(_: click.Context, __: click.Parameter, text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    types = tuple(part.strip() for part in text.split(","))
    try:
        check_types(types)
    except Refused as refused:
        raise click.UsageError(refused.sentence) from None
    return types


types_option = click.option(
    "--types",
    metavar="TYPE,…",
    callback=_parse_types,
    help=f"Only events of these types: {', '.join(EVENT_TYPES)}.",
)
"""Gives the command the types, or None for all."""


def _parse_zone(_: click.Context, __: click.Parameter, name: str) -> tzinfo:
    try:
        return zone_named(name)
    except LogError as error:
        raise click.UsageError(str(error)) from None


zone_option = click.option(
    "--tz",
    "zone",
    metavar="ZONE",
    default="UTC",
    show_default=True,
    callback=_parse_zone,
    help="Time zone, such as Europe/Berlin, of printed times and of times given without an "
    "offset. JSON stays in UTC.",
)
"""Gives the command the time zone."""


def run(work: Coroutine[Any, Any, R]) -> R:
    """Run a command's coroutine to completion.

    The garbage collector runs less often meanwhile: with its defaults it took a quarter of the
    time of a verify or an export, which make many objects and no cycles.
    """
    gc.set_threshold(50_000, 20, 50)
    return asyncio.run(work)
