"""``chatlog redact``: erase the texts of messages."""

from __future__ import annotations

import click

from chatlog.cli import output
from chatlog.cli.failures import failures_are_sentences
from chatlog.cli.operating.erasure import by_option, reason_option, said
from chatlog.cli.options import database_option, run
from chatlog.kinds.event import MAX_SEQ
from chatlog.operations.delegation import carry_out


@click.command()
@click.argument("room")
@click.argument("seqs", metavar="SEQ...", type=click.IntRange(1, MAX_SEQ), nargs=-1, required=True)
@reason_option
@by_option
@database_option
@failures_are_sentences
def redact(room: str, seqs: tuple[int, ...], reason: str, by: str, database: str) -> None:
    """Erase the texts of messages; their events stay, and a new event records the erasure."""
    arguments = {"room": room, "seqs": list(seqs), "by": by, "reason": reason}
    output.say(said(run(carry_out(database, "redact", arguments))))
