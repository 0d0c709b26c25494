"""The folder of an export of all rooms: its files' names, and its index."""

from __future__ import annotations

import os
import re
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Final

from chatlog.domain.errors import LogError
from chatlog.wire.export_index import Index, decode_index, encode_index

INDEX: Final = "export.json"
SUFFIX: Final = ".jsonl"

_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
_MAX_CHARS: Final = 120
_PLAIN: Final = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789-_")
# Devices on Windows, whatever follows the dot.
_DEVICE: Final = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])\Z")


def file_name(room: str) -> str:
    """Return the name of a room's file: of plain characters, different for each room.

    Anything else is percent-encoded, capitals too: some file systems do not distinguish them. A
    long name ends with a digest of the room's name instead.
    """
    name = "".join(chr(byte) if byte in _PLAIN else f"%{byte:02x}" for byte in room.encode())
    if _DEVICE.match(name):
        name = f"%{ord(name[0]):02x}{name[1:]}"
    if len(name) > _MAX_CHARS:
        name = f"{name[:_MAX_CHARS]}~{sha256(room.encode()).hexdigest()[:32]}"
    return f"{name}{SUFFIX}"


def create(path: Path) -> BinaryIO:
    """Open a new file, or an old one emptied, with mode 0600."""
    return open(os.open(path, _NEW, 0o600), "wb")  # noqa: PTH123 - pathlib has no mode


def finish(file: BinaryIO, partial: Path, path: Path) -> None:
    """Close a file once it is on disk, and give it its name."""
    file.flush()
    os.fsync(file.fileno())
    file.close()
    partial.replace(path)


def write_index(folder: Path, index: Index) -> None:
    """Replace the folder's index."""
    path = folder / INDEX
    partial = folder / f"{INDEX}.partial"
    file = create(partial)
    file.write(encode_index(index))
    finish(file, partial, path)


def read_index(folder: Path) -> Index | None:
    """Return the folder's index; None if it has none."""
    path = folder / INDEX
    return decode_index(path.read_bytes()) if path.exists() else None


def prepare(folder: Path, log: str) -> None:
    """Create the folder; refuse one with anything but an earlier export of the same log.

    Raises:
        LogError: if it holds something else.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not any(folder.iterdir()):
        return
    index = read_index(folder)
    if index is None:
        raise LogError(f"{folder} holds other files: give a new or an empty folder.")
    if index.log != log:
        raise LogError(f"{folder} holds an export of another log: give a new or an empty folder.")


def files_in(folder: Path) -> list[Path]:
    """Return the files of rooms, in order of their names."""
    return sorted(folder.glob(f"*{SUFFIX}"))
