"""The index of an export of all rooms: which file has which room, and whether all are there."""

from __future__ import annotations

from typing import Final

import msgspec

from chatlog.domain.errors import ChatlogError
from chatlog.wire.manifest import Manifest

FORMAT: Final = "chatlog-export-all-1"


class BadIndex(ChatlogError):
    """A file is not the index of an export."""


class IndexedRoom(msgspec.Struct):
    """A room's file, by its name in the folder, and its manifest."""

    file: str
    manifest: Manifest


class Index(msgspec.Struct):
    """What an export of all rooms holds.

    ``log`` is the log's id, ``position`` its last one. ``count`` is the number of all its rooms;
    ``rooms`` is empty until ``is_complete``.
    """

    format: str
    log: str
    position: int
    count: int
    is_complete: bool = False
    rooms: list[IndexedRoom] = []


def encode_index(index: Index) -> bytes:
    """Return an index as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(index)) + b"\n"


def decode_index(text: bytes) -> Index:
    """Decode an index.

    Raises:
        BadIndex: if it is none.
    """
    try:
        found = msgspec.json.decode(text, type=Index)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadIndex(f"The file is not the index of an export: {error}") from None
    if found.format != FORMAT:
        raise BadIndex(f"The index has an unknown format: {found.format!r}.")
    return found
