"""Certify the erasure of a person, in a new file that is made before anything is erased."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chatlog.audit.evidence.certificate import read_certificate
from chatlog.databases.opening import open_for_reading
from chatlog.domain.errors import LogError
from chatlog.nodes import clock

_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Certifying:
    """A file that waits for its certificate, and the key that signs it, if there is one."""

    file: IO[bytes]
    key: Ed25519PrivateKey | None

    async def certify(self, url: str, done: Mapping[str, Any], *, by: str, reason: str) -> None:
        """Write the certificate of what ``erase-user`` answered."""
        async with open_for_reading(url) as database, database.read() as connection:
            line = await read_certificate(
                connection,
                [(room, seq) for room, seq in done["records"]],
                at=await clock.now(database, connection),
                by=by,
                reason=reason,
                scrubbed=done["is_scrubbed"],
                key=self.key,
            )
        self.file.write(line)


@contextmanager
def certifying(file: Path, key: Ed25519PrivateKey | None) -> Iterator[Certifying]:
    """Make a new file (mode 0600) for a certificate; remove it again if the block fails.

    Raises:
        LogError: if the file exists.
    """
    try:
        opened = os.open(file, _NEW, 0o600)
    except FileExistsError:
        raise LogError(f"{file} exists: name a new file for the certificate.") from None
    try:
        with os.fdopen(opened, "wb") as out:
            yield Certifying(out, key)
    except BaseException:
        file.unlink(missing_ok=True)
        raise
