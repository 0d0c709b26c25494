"""The cursor file of ``chatlog follow``: the log's id, a position and that event's hash.

It is replaced as a whole, so that a kill at any moment leaves the old or the new one.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import msgspec

from chatlog.databases.backend import Place
from chatlog.domain.errors import LogError
from chatlog.kinds.event import MAX_SEQ
from chatlog.readers.whole_log import WholeLog

_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC


class _Cursor(msgspec.Struct):
    log: str
    position: Annotated[int, msgspec.Meta(ge=0, le=MAX_SEQ)]
    hash: str


def _read(path: Path) -> tuple[_Cursor, Place]:
    said = msgspec.json.decode(path.read_bytes(), type=_Cursor)
    return said, Place(said.position, bytes.fromhex(said.hash))


@dataclass(frozen=True, slots=True)
class CursorFile:
    """One reader's cursor in one log, kept in a file."""

    path: Path
    log: str

    @classmethod
    async def of(cls, path: Path, log: WholeLog) -> CursorFile:
        """Return the cursor file of this log at a path; it may not be there yet."""
        return cls(path, await log.id())

    def read(self) -> Place | None:
        """Return the place in the file; None if there is no file.

        Raises:
            LogError: if it is not a cursor, or of another log.
        """
        try:
            said, place = _read(self.path)
        except FileNotFoundError:
            return None
        except (msgspec.DecodeError, ValueError):
            raise LogError(f"{self.path} is not a cursor file: remove it to begin anew.") from None
        if said.log != self.log:
            raise LogError(f"{self.path} is the cursor of another log.")
        return place

    def write(self, place: Place) -> None:
        """Replace the file, durably."""
        said = _Cursor(self.log, place.position, place.hash.hex())
        partial = self.path.with_name(f"{self.path.name}.partial")
        with open(os.open(partial, _NEW, 0o600), "wb") as file:  # noqa: PTH123 - pathlib has no mode
            file.write(msgspec.json.encode(said) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self.path)
