"""``chatlog erase-user``: erase a person."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from chatlog.audit.evidence.signing import read_key
from chatlog.cli import output
from chatlog.cli.failures import failures_are_sentences
from chatlog.cli.operating.erasure import by_option, reason_option, said
from chatlog.cli.options import database_option, run
from chatlog.operations.certifying import certifying
from chatlog.operations.delegation import carry_out, what_ends

_file = click.Path(dir_okay=False, path_type=Path)


@click.command("erase-user")
@click.argument("name", required=False)
@click.option("--sub", metavar="SUB", help="Erase the person with this subject, instead of NAME.")
@click.option(
    "--certificate", type=_file, help="Write to this new file what was erased where, as proof."
)
@click.option(
    "--key", type=_file, help="Sign the certificate with the Ed25519 key in this PEM file."
)
@reason_option
@by_option
@database_option
@failures_are_sentences
def erase_user(
    name: str | None,
    sub: str | None,
    certificate: Path | None,
    key: Path | None,
    reason: str,
    by: str,
    database: str,
) -> None:
    """Erase a person's names and texts in every room; open sessions are closed first.

    Mentions in other people's texts and the names of rooms stay. Anybody who uses the
    name again is a new user. Of a person who signs in with tokens, the subject goes with all of
    its names and what it looked at; its roles and bans end, and its tokens issued until now are
    revoked. The subject used again is a new one, without roles.

    `chatlog verify --certificate FILE` later checks a certificate, which does not name the person.
    """
    if key is not None and certificate is None:
        raise click.UsageError("--key needs --certificate.")
    signing = None if key is None else read_key(key)
    for sentence in run(what_ends(database, name, sub)):
        output.say(sentence)
    arguments = {"username": name, "sub": sub, "by": by, "reason": reason}
    if certificate is None:
        output.say(said(run(carry_out(database, "erase-user", arguments))))
        return
    with certifying(certificate, signing) as waiting:
        done: dict[str, Any] = run(carry_out(database, "erase-user", arguments))
        output.say(said(done))
        run(waiting.certify(database, done, by=by, reason=reason))
