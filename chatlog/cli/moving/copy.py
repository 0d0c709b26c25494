"""``chatlog copy``: move a log between SQLite and PostgreSQL."""

from __future__ import annotations

import click

from chatlog.cli import output
from chatlog.cli.failures import INTERRUPTED, fail, failures_are_sentences
from chatlog.cli.options import run
from chatlog.cli.progress import progress
from chatlog.domain.counts import counted
from chatlog.operations.moving.copying import copy_log


@click.command()
@click.option("--from", "source", metavar="URL", required=True, help="URL of the log to copy.")
@click.option("--to", "target", metavar="URL", required=True, help="URL of an empty database.")
@failures_are_sentences
def copy(source: str, target: str) -> None:
    """Copy the whole log, from SQLite to PostgreSQL or back. Its server must be stopped.

    Positions, seqs, hashes, ids and times stay the same, so clients, cursors and checkpoints
    continue with the copy. It is verified before it is committed; an interrupted copy leaves
    the target empty.
    """
    try:
        with progress("Copying") as report:
            copied = run(copy_log(source, target, report))
    except KeyboardInterrupt:
        fail("The copy was interrupted; the target is empty.", INTERRUPTED)
    what = f"{counted(copied.events, 'event')} in {counted(copied.rooms, 'room')}"
    output.say(f"Copied {what}, verified and unchanged.")
