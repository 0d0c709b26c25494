"""Shared by all commands: ``--database``, ``--json``, and running a coroutine."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import click

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


def run(work: Coroutine[Any, Any, R]) -> R:
    """Run a command's coroutine to completion."""
    return asyncio.run(work)
