"""``chatlog chat``: take part in a room from a terminal, or post the lines of a pipe."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import AsyncGenerator
from datetime import tzinfo
from functools import partial
from pathlib import Path
from typing import Final

import click

from chatlog.cli import output
from chatlog.cli.chatting.talk import Talk, Watch
from chatlog.cli.chatting.typed import plain, prompted
from chatlog.cli.failures import fail, failures_are_sentences
from chatlog.cli.options import run, zone_option
from chatlog.client import Limits, connect
from chatlog.client.chat import socket_url
from chatlog.client.credentials import Token
from chatlog.domain.counts import counted
from chatlog.domain.errors import LogError
from chatlog.settings.sources import OF_CHAT

_LIMITS: Final = Limits(connect_seconds=5.0)
_PATIENCE_SECONDS: Final = 5.0


def _parse_url(_: click.Context, __: click.Parameter, url: str) -> str:
    try:
        return socket_url(url)
    except ValueError as error:
        raise click.UsageError(f"--url: {error}.") from None


@click.command()
@click.argument("room")
@click.option(
    "--url",
    default="http://127.0.0.1:8080",
    show_default=True,
    callback=_parse_url,
    help="Address of the server, or of its WebSocket.",
)
@click.option("--username", metavar="NAME", help="Your name in open mode.  [default: your login]")
@click.option(
    "--token-file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="File with your token, read again whenever one is needed.  [default: CHATLOG_TOKEN]",
)
@click.option(
    "--backlog",
    type=click.IntRange(0, 500),
    default=50,
    show_default=True,
    help="Number of past messages to print first.",
)
@click.option("--plain", "is_plain", is_flag=True, help="Read whole lines, without line editing.")
@zone_option
@failures_are_sentences
def chat(
    room: str,
    url: str,
    username: str | None,
    token_file: Path | None,
    backlog: int,
    is_plain: bool,
    zone: tzinfo,
) -> None:
    """Take part in ROOM: the past, then what happens. Each line that you type is a message.

    Lines from a pipe are posted one by one. /who tells who is here; /leave, Ctrl-D and Ctrl-C
    leave.
    """
    if token_file is not None and username is not None:
        raise click.UsageError("Give either --username or --token-file: the token says the name.")
    token = None if username is not None else _token(token_file)
    name = username or getpass.getuser() if token is None else None
    is_prompted = _can_prompt() and not is_plain
    try:
        unsent = run(_chat(room, url, name, token, backlog, zone, is_prompted=is_prompted))
    except KeyboardInterrupt:
        return
    if unsent:
        fail(f"{counted(unsent, 'message')} not sent.")


async def _chat(
    name: str,
    url: str,
    username: str | None,
    token: Token | None,
    backlog: int,
    zone: tzinfo,
    *,
    is_prompted: bool,
) -> int:
    """Return how many messages could not be sent."""
    watch = Watch(output.say)
    client = connect(url, username=username, token=token, limits=_LIMITS, on_state=watch)
    async with client as member:
        watch.is_quiet = False
        joined = await member.join(name, backlog=backlog)
        talk = Talk(joined, output.say, zone, is_typed=sys.stdin.isatty())
        typed: AsyncGenerator[str, None] = prompted() if is_prompted else plain(sys.stdin.fileno())
        patience = _PATIENCE_SECONDS if sys.stdin.isatty() else None
        await talk.run(typed, patience=patience)
    return talk.unsent


def _token(file: Path | None) -> Token | None:
    if file is None:
        return os.environ.get(OF_CHAT) or None
    read = partial(_read, file)
    read()  # what is wrong with the file is said before anything else
    return read


def _read(file: Path) -> str:
    token = file.read_text("utf-8", errors="replace").strip()
    if not token:
        raise LogError(f"{file} is empty: it has no token.")
    return token


def _can_prompt() -> bool:
    is_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    return is_terminal and os.environ.get("TERM", "dumb") != "dumb"
