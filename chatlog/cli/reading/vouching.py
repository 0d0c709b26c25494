"""The options of ``chatlog verify`` for signed statements: checkpoints and certificates."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import click

from chatlog.audit.evidence.certificate import BadCertificate, Certificate, decode_certificate
from chatlog.audit.evidence.checkpoint import BadCheckpoint, Checkpoint, decode_checkpoint
from chatlog.audit.evidence.signing import read_public_key
from chatlog.cli import output
from chatlog.cli.failures import WRONG, failures_are_sentences

_UNKNOWN_SIGNER: Final = (
    " Without --public-key, the checkpoint's signer was not checked: a forger may have signed it."
)
_UNSIGNED: Final = " The certificate's signature was not checked: anybody may have written it."
_file = click.Path(exists=True, dir_okay=False, path_type=Path)


@dataclass(frozen=True, slots=True)
class Vouching:
    """A checkpoint and a certificate, as given; ``caution`` tells whose signer was not checked."""

    checkpoint: Checkpoint | None = None
    certificate: Certificate | None = None
    is_since: bool = False
    caution: str = ""

    def of(self, room: str | None) -> Checkpoint | None:
        """Return what the checkpoint says about this room, or about all rooms."""
        if self.checkpoint is None or room is None:
            return self.checkpoint
        heads = tuple(head for head in self.checkpoint.rooms if head.room == room)
        return replace(self.checkpoint, rooms=heads)

    def erased_in(self, room: str | None) -> Certificate | None:
        """Return what the certificate says about this room, or about all rooms."""
        if self.certificate is None or room is None:
            return self.certificate
        found = tuple(one for one in self.certificate.erasures if one.room == room)
        return replace(self.certificate, erasures=found)


def vouching_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command, which receives them as one ``vouching``."""

    @failures_are_sentences
    @functools.wraps(command)
    def call(
        *args: Any,
        checkpoint: Path | None,
        certificate: Path | None,
        public_key: Path | None,
        since_checkpoint: bool,
        **kwargs: Any,
    ) -> Any:
        vouching = _vouching(checkpoint, certificate, public_key, is_since=since_checkpoint)
        return command(*args, vouching=vouching, **kwargs)

    for option in (
        click.option(
            "--since-checkpoint", is_flag=True, help="Check only events after the checkpoint."
        ),
        click.option(
            "--public-key", type=_file, help="PEM file of the key that must have signed it."
        ),
        click.option(
            "--certificate",
            type=_file,
            help="Check that what this certificate of `erase-user` says is erased.",
        ),
        click.option(
            "--checkpoint",
            type=_file,
            help="Detect rewriting or truncation since this checkpoint.",
        ),
    ):
        call = option(call)
    return call


def _vouching(
    checkpoint: Path | None, certificate: Path | None, public_key: Path | None, *, is_since: bool
) -> Vouching:
    if public_key is not None and checkpoint is None and certificate is None:
        raise click.UsageError("--public-key needs --checkpoint or --certificate.")
    if is_since and checkpoint is None:
        raise click.UsageError("--since-checkpoint needs --checkpoint.")
    key = None if public_key is None else read_public_key(public_key)
    try:
        stated = None if checkpoint is None else decode_checkpoint(checkpoint.read_bytes(), key)
        erased = None if certificate is None else decode_certificate(certificate.read_bytes(), key)
    except (BadCheckpoint, BadCertificate) as error:
        output.say(f"chatlog: {error}", err=True)
        sys.exit(WRONG)
    cautions = (_UNKNOWN_SIGNER if stated else "", _UNSIGNED if erased else "")
    return Vouching(stated, erased, is_since, "" if key else "".join(cautions))
