"""Shared by the commands that erase: ``--reason``, ``--by`` and the closing sentence."""

from __future__ import annotations

import getpass
from typing import Any

import click

from chatlog.domain.counts import counted


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run as a user without a name
        return "operator"


reason_option = click.option("--reason", metavar="TEXT", required=True, help="Reason; recorded.")
by_option = click.option(
    "--by",
    metavar="NAME",
    default=_login,
    show_default="your login",
    help="Name of the operator; recorded.",
)


def said(done: dict[str, Any]) -> str:
    """Return what was erased, and where the erased content still is, if anywhere."""
    if not done["events"]:
        return f"Erased the person, of whom no room has an event. {done['remains']}".strip()
    where = counted(len(done["rooms"]), "room")
    sentence = f"Erased {counted(done['events'], 'event')} in {where}; the erasure is recorded."
    return f"{sentence} {done['remains']}".strip()
