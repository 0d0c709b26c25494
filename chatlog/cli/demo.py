"""``chatlog demo``: three rooms with people in them, to look at."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

import click

from chatlog.cli import output
from chatlog.cli.failures import failures_are_sentences
from chatlog.cli.options import run
from chatlog.eventlog.opening import open_for_writing
from chatlog.service.demo.past import write_past
from chatlog.service.demo.plan import plan
from chatlog.service.demo.texts import rooms
from chatlog.settings import Settings
from chatlog.web.bots import play
from chatlog.web.run import run as serve


@click.command()
@click.option("--port", default=8080, show_default=True, help="Port to listen on; 0 for any.")
@click.option(
    "--speed",
    type=click.FloatRange(0.1, 50),
    default=1.0,
    show_default=True,
    help="How many times as fast as people.",
)
@click.option("--seed", default=1, show_default=True, help="Another one, another day.")
@click.option(
    "--keep",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Keep the log in a new FILE; by default it goes at the end.",
)
@failures_are_sentences
def demo(port: int, speed: float, seed: int, keep: Path | None) -> None:
    """Serve three rooms in which people come, chat and go, with a day behind them.

    The log is a temporary one. Join in under any name, and look into the time machine: a
    server has crashed in the past, and a message was erased.
    """
    with _place(keep) as file:
        run(_demo(Settings(database=f"sqlite:///{file}", port=port), seed=seed, speed=speed))


@contextlib.contextmanager
def _place(keep: Path | None) -> Iterator[Path]:
    """Return where the log is to be; a temporary place goes with the block."""
    if keep is None:
        with TemporaryDirectory(prefix="chatlog-demo-") as folder:
            yield Path(folder, "demo.db")
    elif keep.exists():
        raise click.UsageError(f"{keep} exists. The demo begins a log of its own: name a new file.")
    else:
        yield keep.absolute()


async def _demo(settings: Settings, *, seed: int, speed: float) -> None:
    texts = rooms()
    async with open_for_writing(settings.database) as database:
        await write_past(database, plan(texts, random.Random(seed)))

    async def people(url: str) -> None:
        _announce(url, texts[0].room)
        await play(url, texts, seed=seed, speed=speed)

    await serve(settings, announce=lambda _sentence: None, beside=people)


def _announce(url: str, room: str) -> None:
    output.say("Three rooms with people in them, and a day behind them. Ctrl-C ends it.")
    output.say(f"  The chat          {url}/#/{quote(room)}")
    output.say(f"  The time machine  {url}/audit?room={quote(room)}")
