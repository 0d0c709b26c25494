"""``chatlog hook``: addresses at which programs post what they send to Slack or Mattermost."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import click

from chatlog.cli import output
from chatlog.cli.failures import failures_are_sentences
from chatlog.cli.operating.erasure import by_option
from chatlog.cli.options import database_option, run
from chatlog.eventlog.steps.hooks import Hook
from chatlog.operations.delegation import carry_out, hooks_listed


@click.group()
def hook() -> None:
    """Make, list and remove addresses at which programs post, as to Slack or Mattermost."""


@hook.command()
@click.argument("room")
@click.option("--name", required=True, help="Username under which it posts.")
@click.option(
    "--url",
    metavar="URL",
    default="http://127.0.0.1:8080",
    show_default=True,
    help="Address of the server, as the program reaches it.",
)
@by_option
@database_option
@failures_are_sentences
def create(room: str, name: str, url: str, by: str, database: str) -> None:
    """Print the address of a new hook. Whoever has it posts to ROOM as NAME."""
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise click.UsageError("--url must be an http or https address.")
    done = run(carry_out(database, "hook-create", {"room": room, "name": name, "by": by}))
    output.say(f"{url.rstrip('/')}/hooks/{done['token']}")


@hook.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@database_option
@failures_are_sentences
def list_(as_json: bool, database: str) -> None:
    """List the hooks; their addresses are stored nowhere."""
    for one in run(hooks_listed(database)):
        output.say(json.dumps(_fields(one)) if as_json else _line(one))


@hook.command()
@click.argument("name")
@database_option
@failures_are_sentences
def remove(name: str, database: str) -> None:
    """Remove the hook of this name or id: its address is answered 404 from now on."""
    done = run(carry_out(database, "hook-remove", {"which": name}))
    output.say(f"Removed the hook {done['name']} of the room {done['room']}.")


def _fields(one: Hook) -> dict[str, Any]:
    return {"id": one.id, "name": one.name, "room": one.room, "created_at": one.at}


def _line(one: Hook) -> str:
    return f"{one.id:>4}  {one.at}  {one.name}  {one.room}"
