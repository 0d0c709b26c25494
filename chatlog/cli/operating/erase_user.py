"""``chatlog erase-user``: erase a person."""

from __future__ import annotations

import click

from chatlog.cli import output
from chatlog.cli.failures import failures_are_sentences
from chatlog.cli.operating.erasure import by_option, reason_option, said
from chatlog.cli.options import database_option, run
from chatlog.operations.delegation import carry_out


@click.command("erase-user")
@click.argument("name")
@reason_option
@by_option
@database_option
@failures_are_sentences
def erase_user(name: str, reason: str, by: str, database: str) -> None:
    """Erase a person's name and texts in every room; open sessions are closed first.

    Mentions in other people's texts and the names of rooms stay. Anybody who uses the
    name again is a new user.
    """
    arguments = {"username": name, "by": by, "reason": reason}
    output.say(said(run(carry_out(database, "erase-user", arguments))))
