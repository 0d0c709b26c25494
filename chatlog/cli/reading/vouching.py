"""The ``--checkpoint`` options of ``chatlog verify``."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import click

from chatlog.audit.checkpoint import BadCheckpoint, Checkpoint, decode_checkpoint
from chatlog.audit.signing import read_public_key
from chatlog.cli import output
from chatlog.cli.failures import WRONG, failures_are_sentences

_UNKNOWN_SIGNER: Final = (
    " Without --public-key, the checkpoint's signer was not checked: a forger may have signed it."
)
_file = click.Path(exists=True, dir_okay=False, path_type=Path)


@dataclass(frozen=True, slots=True)
class Vouching:
    """A checkpoint, if one was given; ``caution`` warns when its signer was not checked."""

    checkpoint: Checkpoint | None = None
    is_since: bool = False
    caution: str = ""

    def of(self, room: str | None) -> Checkpoint | None:
        """Return what the checkpoint says about this room, or about all rooms."""
        if self.checkpoint is None or room is None:
            return self.checkpoint
        heads = tuple(head for head in self.checkpoint.rooms if head.room == room)
        return replace(self.checkpoint, rooms=heads)


def vouching_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command, which receives them as one ``vouching``."""

    @failures_are_sentences
    @functools.wraps(command)
    def call(
        *args: Any,
        checkpoint: Path | None,
        public_key: Path | None,
        since_checkpoint: bool,
        **kwargs: Any,
    ) -> Any:
        return command(
            *args, vouching=_vouching(checkpoint, public_key, is_since=since_checkpoint), **kwargs
        )

    for option in (
        click.option(
            "--since-checkpoint", is_flag=True, help="Check only events after the checkpoint."
        ),
        click.option(
            "--public-key", type=_file, help="PEM file of the key that must have signed it."
        ),
        click.option(
            "--checkpoint",
            type=_file,
            help="Detect rewriting or truncation since this checkpoint.",
        ),
    ):
        call = option(call)
    return call


def _vouching(file: Path | None, public_key: Path | None, *, is_since: bool) -> Vouching:
    if file is None:
        if public_key is not None or is_since:
            raise click.UsageError("--public-key and --since-checkpoint need --checkpoint.")
        return Vouching()
    key = None if public_key is None else read_public_key(public_key)
    caution = "" if key else _UNKNOWN_SIGNER
    try:
        return Vouching(decode_checkpoint(file.read_bytes(), key), is_since, caution)
    except BadCheckpoint as error:
        output.say(f"chatlog: {error}", err=True)
        sys.exit(WRONG)
