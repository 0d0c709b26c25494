"""What the erasing commands have in common: who, why, and what is said at the end."""

from __future__ import annotations

import getpass
from typing import Any

import click


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run as a user without a name
        return "operator"


reason_option = click.option("--reason", metavar="TEXT", required=True, help="Why; goes on record.")
by_option = click.option(
    "--by", metavar="NAME", default=_login, show_default="your login", help="Who; goes on record."
)


def said(done: dict[str, Any]) -> str:
    """Return in one sentence what was done, and whether the words are out of the file."""
    rooms = len(done["rooms"])
    where = "1 room" if rooms == 1 else f"{rooms} rooms"
    sentence = f"Erased {done['events']} events in {where}; it is on record."
    return f"{sentence} {done['remains']}".strip()
