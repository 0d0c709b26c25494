"""Keys in files: a secret, which is read once, and public keys, which are read again and again.

A file that cannot be used at the start ends the program. Later, it is logged once, and the keys
of before stay: an editor or a deployment may have written half of it.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from pathlib import Path
from typing import Final

from chatlog.domain.errors import LogError, said_by_system
from chatlog.tokens.key import Key, KeySet, Unusable, key_of_secret, public_keys

logger = logging.getLogger(__name__)

RELOAD_SECONDS: Final = 2.0
"""The file is read whole each time: its time and size need not differ after a quick change."""

MAX_BYTES: Final = 262_144


def read_secret(path: str) -> Key:
    """Return the key for HS256 in a file.

    Raises:
        LogError: if the file cannot be used.
    """
    try:
        return key_of_secret(_read(path))
    except (Unusable, OSError) as error:
        raise _unusable("--token-secret-file", path, error) from None


class FileKeys:
    """The public keys in a file; ``generation`` grows whenever they change.

    Raises:
        LogError: if the file cannot be used now.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._complaint = ""
        self.generation = 0
        try:
            self._digest, found = self._load()
        except (Unusable, OSError) as error:
            raise _unusable("--token-keys", path, error) from None
        self.keys = found.keys
        self._warn_of(found)

    async def run(self) -> None:
        """Keep the keys up to date, until cancelled."""
        while True:
            await asyncio.sleep(RELOAD_SECONDS)  # nothing tells of a change on every file system
            await self.reload()

    async def reload(self) -> None:
        """Read the file again; keep the keys of before if it cannot be used."""
        try:
            digest, found = await asyncio.to_thread(self._load)
        except (Unusable, OSError) as error:
            self._complain(_clause(error))
            return
        self._complaint = ""
        if digest != self._digest:
            self._digest, self.keys = digest, found.keys
            self.generation += 1
            logger.info("Read %d keys for tokens from %s.", len(found.keys), self._path)
            self._warn_of(found)

    def _load(self) -> tuple[bytes, KeySet]:
        content = _read(self._path)
        return hashlib.sha256(content).digest(), public_keys(content)

    def _complain(self, clause: str) -> None:
        if clause != self._complaint:
            self._complaint = clause
            logger.warning(
                "--token-keys %s %s. Tokens are checked with the keys of before.",
                self._path,
                clause,
            )

    def _warn_of(self, found: KeySet) -> None:
        for reason in found.skipped:
            logger.warning("In --token-keys %s, %s.", self._path, reason)


def _read(path: str) -> bytes:
    with Path(path).open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise Unusable(f"is larger than {MAX_BYTES:,} bytes")
    return content


def _unusable(option: str, path: str, error: Exception) -> LogError:
    return LogError(f"{option} {path} {_clause(error)}.")


def _clause(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"cannot be read: {error.strerror or said_by_system(error).rstrip('.')}"
    return str(error)
