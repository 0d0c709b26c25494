"""``chatlog erase-user``: erase a person."""

from __future__ import annotations

import click

from chatlog.cli import output
from chatlog.cli.failures import failures_are_sentences
from chatlog.cli.operating.erasure import by_option, reason_option, said
from chatlog.cli.options import database_option, run
from chatlog.operations.delegation import carry_out, what_ends


@click.command("erase-user")
@click.argument("name", required=False)
@click.option("--sub", metavar="SUB", help="Erase the person with this subject, instead of NAME.")
@reason_option
@by_option
@database_option
@failures_are_sentences
def erase_user(name: str | None, sub: str | None, reason: str, by: str, database: str) -> None:
    """Erase a person's names and texts in every room; open sessions are closed first.

    Mentions in other people's texts and the names of rooms stay. Anybody who uses the
    name again is a new user. Of a person who signs in with tokens, the subject goes with all of
    its names and what it looked at; its roles and bans end, and its tokens issued until now are
    revoked. The subject used again is a new one, without roles.
    """
    for sentence in run(what_ends(database, name, sub)):
        output.say(sentence)
    arguments = {"username": name, "sub": sub, "by": by, "reason": reason}
    output.say(said(run(carry_out(database, "erase-user", arguments))))
