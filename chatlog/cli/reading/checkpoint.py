"""``chatlog checkpoint``: a signed statement of every room's head, to keep elsewhere."""

from __future__ import annotations

from pathlib import Path

import click

from chatlog.audit.evidence.checkpoint import read_checkpoint
from chatlog.audit.evidence.signing import make_key, read_key
from chatlog.cli import output
from chatlog.cli.failures import failures_are_sentences
from chatlog.cli.options import database_option, run
from chatlog.databases.opening import open_for_reading
from chatlog.nodes import clock

_file = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.option("--key", type=_file, help="Sign with the Ed25519 key in this PEM file.")
@click.option("--new-key", type=_file, help="Generate a key in this file, and FILE.pub beside it.")
@click.option("--out", type=_file, help="Write the checkpoint to this new file.")
@database_option
@failures_are_sentences
def checkpoint(key: Path | None, new_key: Path | None, out: Path | None, database: str) -> None:
    """Sign a statement of every room's head: one line of JSON, to keep on another machine.

    `chatlog verify --checkpoint FILE` then detects a log that was rewritten or truncated
    since. Keep the key out of reach of anybody who can write to the database.
    """
    if (key is None) == (new_key is None):
        raise click.UsageError("Give either --key or --new-key.")
    if new_key is not None:
        output.say(f"The private key is in {new_key}, the public key in {make_key(new_key)}.")
        return
    assert key is not None
    line = run(_checkpoint(database, key))
    if out is None:
        output.write_lines([line.removesuffix(b"\n")])
        return
    with out.open("xb") as file:
        file.write(line)


async def _checkpoint(url: str, key: Path) -> bytes:
    signing = read_key(key)
    async with open_for_reading(url, patient=True) as database, database.read() as connection:
        return await read_checkpoint(connection, await clock.now(database, connection), signing)
