"""``chatlog backup``: a consistent copy of the log, beside a running server."""

from __future__ import annotations

import asyncio
import signal
import threading
from pathlib import Path

import click

from chatlog.cli import output
from chatlog.cli.failures import failures_are_sentences
from chatlog.cli.options import database_option, run
from chatlog.cli.progress import Report, progress
from chatlog.databases.opening import open_for_reading

_LOOK_SECONDS = 0.2


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@database_option
@failures_are_sentences
def backup(file: Path, database: str) -> None:
    """Copy the log to a new FILE while the server runs: a prefix of the log that verifies."""
    with progress(f"Backing up to {file.name}") as report:
        try:
            size = run(_back_up(database, file, report))
        except asyncio.CancelledError:
            raise KeyboardInterrupt from None
    output.say(f"Backed up {size:,} bytes to {file}.")


async def _back_up(url: str, target: Path, report: Report) -> int:
    async with open_for_reading(url) as database:
        backup = database.backend.backup(target)
        _stop_on_signals()
        stopped = threading.Event()
        copying = asyncio.create_task(asyncio.to_thread(backup.run, stopped.is_set))
        try:
            while not copying.done():
                report(_size(backup.partial), _size(backup.source))
                await asyncio.wait([copying], timeout=_LOOK_SECONDS)
        finally:
            stopped.set()  # the thread ends before the process does
        await copying
    return _size(target)


def _stop_on_signals() -> None:
    """Make SIGTERM and SIGHUP clean up the partial file, as Ctrl-C does."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    for number in (signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, task.cancel)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
