"""Shared by several commands: ``--database``, ``--json``, ``--types``, running a coroutine."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import click

from chatlog.kinds.registry import EVENT_TYPES

R = TypeVar("R")

database_option = click.option(
    "--database",
    metavar="URL",
    required=True,
    help="URL of the log: sqlite:///file.db or postgresql://…  "
    "[default: CHATLOG_DATABASE, DATABASE_URL or sqlite:///chatlog.db]",
)
json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object per line."
)


def _parse_types(_: click.Context, __: click.Parameter, text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    types = tuple(part.strip() for part in text.split(","))
    if unknown := [part for part in types if part not in EVENT_TYPES]:
        known = ", ".join(EVENT_TYPES)
        raise click.UsageError(f"There are no events of type {unknown[0]!r}, only {known}.")
    return types


types_option = click.option(
    "--types",
    metavar="TYPE,…",
    callback=_parse_types,
    help=f"Only events of these types: {', '.join(EVENT_TYPES)}.",
)
"""Gives the command the types, or None for all."""


def run(work: Coroutine[Any, Any, R]) -> R:
    """Run a command's coroutine to completion."""
    return asyncio.run(work)
