"""``chatlog demo``: three rooms of simulated people, to try the pages with."""

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
from chatlog.databases.opening import open_for_writing
from chatlog.operations.demo.past import write_past
from chatlog.operations.demo.plan import plan
from chatlog.operations.demo.texts import rooms
from chatlog.settings import Settings
from chatlog.web.bots import play
from chatlog.web.run import run as serve


@click.command()
@click.option(
    "--port", default=8080, show_default=True, help="Port to listen on; 0 picks a free one."
)
@click.option(
    "--speed",
    type=click.FloatRange(0.1, 50),
    default=1.0,
    show_default=True,
    help="Speed of the conversation; 1 is real time.",
)
@click.option("--seed", default=1, show_default=True, help="Random seed.")
@click.option(
    "--keep",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Keep the log in a new FILE; by default it is deleted at the end.",
)
@failures_are_sentences
def demo(port: int, speed: float, seed: int, keep: Path | None) -> None:
    """Serve three rooms in which simulated people come, chat and go, with a day of history.

    The log is temporary. Join under any name, and look into the time machine: the history
    has a server crash and an erased message.
    """
    with _place(keep) as file:
        run(_demo(Settings(database=f"sqlite:///{file}", port=port), seed=seed, speed=speed))


@contextlib.contextmanager
def _place(keep: Path | None) -> Iterator[Path]:
    """Yield the path of the log; a temporary one is deleted when the block ends."""
    if keep is None:
        with TemporaryDirectory(prefix="chatlog-demo-") as folder:
            yield Path(folder, "demo.db")
    elif keep.exists():
        raise click.UsageError(f"{keep} exists. The demo creates its own log: name a new file.")
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
    output.say("Serving three rooms of simulated people with a day of history. Ctrl-C stops it.")
    output.say(f"  The chat          {url}/#/{quote(room)}")
    output.say(f"  The time machine  {url}/audit?room={quote(room)}")
