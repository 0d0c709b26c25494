"""``chatlog webhook``: deliver events to other programs' addresses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from chatlog.cli import output
from chatlog.cli.failures import WRONG, failures_are_sentences
from chatlog.cli.given import ConfigOption
from chatlog.cli.options import DATABASE_HELP, database_option, json_option, run, types_option
from chatlog.domain.counts import counted
from chatlog.operations.delegation import all_webhooks, carry_out
from chatlog.settings import Settings
from chatlog.settings.serving import DEFAULT_DATABASE

Command = TypeVar("Command", bound=Callable[..., Any])

_FLAGS: Final = ("allow_http_webhooks", "allow_private_webhooks")
_id = click.argument("id")


def _sending(command: Command) -> Command:
    """Add the flags of a server that say which addresses are allowed, and ``--database``."""
    for flag in reversed(_FLAGS):
        name = "--" + flag.replace("_", "-")
        text = "As the server's; beside a server on SQLite only its own counts."
        command = click.option(f"{name}/--no-{name[2:]}", flag, default=False, help=text)(command)
    command = click.option(
        "--database", metavar="URL", default=DEFAULT_DATABASE, help=DATABASE_HELP
    )(command)
    names = {"database", *_FLAGS}
    return click.option("--config", cls=ConfigOption, names=names)(command)


def _secret_in(file: Path) -> str:
    try:
        return file.read_text("utf-8").strip()
    except UnicodeDecodeError:
        raise click.UsageError(f"{file} has no secret: it is not UTF-8.") from None


def _settings(allow_http: bool, allow_private: bool) -> Settings:
    return Settings(allow_http_webhooks=allow_http, allow_private_webhooks=allow_private)


@click.group()
def webhook() -> None:
    """Deliver events to other programs, signed, at least once and in order within a room."""


def _parse_rooms(_: click.Context, __: click.Parameter, text: str | None) -> list[str] | None:
    return None if text is None else [name.strip() for name in text.split(",")]


@webhook.command()
@click.argument("url")
@click.option(
    "--rooms",
    metavar="ROOM,…",
    callback=_parse_rooms,
    help="Only events of these rooms.  [default: all, later and private ones too]",
)
@types_option
@click.option(
    "--secret-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File with the secret, whsec_…  [default: a new one, which is printed]",
)
@json_option
@_sending
@failures_are_sentences
def add(
    url: str,
    rooms: list[str] | None,
    types: tuple[str, ...] | None,
    secret_file: Path | None,
    as_json: bool,
    database: str,
    allow_http_webhooks: bool,
    allow_private_webhooks: bool,
) -> None:
    """Deliver the events that come from now on to URL, and print the webhook's id and secret.

    The secret is shown only now. With --secret-file it is not shown at all.
    """
    asked = {
        "url": url,
        "rooms": rooms,
        "types": None if types is None else [*types],
        "secret": None if secret_file is None else _secret_in(secret_file),
    }
    settings = _settings(allow_http_webhooks, allow_private_webhooks)
    done = run(carry_out(database, "webhook-add", asked, settings))
    _print(done if secret_file is None else {"id": done["id"]}, as_json=as_json)


@webhook.command(name="list")
@json_option
@database_option
@failures_are_sentences
def list_(as_json: bool, database: str) -> None:
    """List the webhooks: state, how many events behind, last answer, next try."""
    found = run(all_webhooks(database))
    if as_json:
        output.write_lines(json.dumps(one, ensure_ascii=False).encode() for one in found)
        return
    titles = ("id", "url", "rooms", "types", "state", "behind", "last answer", "next try (UTC)")
    table = output.table(*titles)
    for one in found:
        table.add_row(*map(output.cell, _cells(one)))
    output.console().print(table)


def _cells(one: dict[str, Any]) -> list[str]:
    answer, failing = one["last_answer"], one["failing_rooms"]
    rooms = f" ({counted(failing, 'room')})" if failing else ""
    return [
        one["id"],
        one["url"],
        "all" if one["rooms"] is None else ", ".join(one["rooms"]),
        "all" if one["types"] is None else ", ".join(one["types"]),
        one["state"] + rooms,
        str(one["behind"]),
        "" if answer is None else f"{answer['answer']} at {output.moment(answer['at'])}",
        "" if one["next_try"] is None else output.moment(one["next_try"]),
    ]


@webhook.command()
@_id
@database_option
@failures_are_sentences
def remove(id: str, database: str) -> None:
    """Remove a webhook: nothing more is delivered to it."""
    run(carry_out(database, "webhook-remove", {"id": id}))
    output.say(f"The webhook {id} is removed.")


@webhook.command()
@_id
@json_option
@_sending
@failures_are_sentences
def test(
    id: str,
    as_json: bool,
    database: str,
    allow_http_webhooks: bool,
    allow_private_webhooks: bool,
) -> None:
    """Post a message of type test, and print the answer. Status 1 if it is not 2xx."""
    settings = _settings(allow_http_webhooks, allow_private_webhooks)
    done = run(carry_out(database, "webhook-test", {"id": id}, settings))
    if as_json:
        output.write_lines([json.dumps(done).encode()])
    else:
        output.say(", ".join(str(part) for part in (done["status"], done["error"]) if part))
    if not done["ok"]:
        raise SystemExit(WRONG)


@webhook.command()
@_id
@database_option
@failures_are_sentences
def retry(id: str, database: str) -> None:
    """Try the rooms that wait, and those that are failing, at once; enable the webhook."""
    done = run(carry_out(database, "webhook-retry", {"id": id}))
    output.say(f"{counted(done['rooms'], 'room')} will be tried now.")


@webhook.command()
@_id
@json_option
@database_option
@failures_are_sentences
def rotate(id: str, as_json: bool, database: str) -> None:
    """Give a webhook a new secret, and print it. For 24 hours both sign."""
    _print(run(carry_out(database, "webhook-rotate", {"id": id})), as_json=as_json)


def _print(done: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        output.write_lines([json.dumps(done).encode()])
        return
    for name, value in done.items():
        output.say(f"{name}: {value}")
