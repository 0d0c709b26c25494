"""The text of a bell: how far the log has grown, and in which rooms.

Rooms are given by a digest of 32 bits: names of private rooms stay in the database, and 900 rooms
fit into a notification of PostgreSQL. Two rooms of the same digest cost a node a needless read.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

_DIGEST_BYTES: Final = 4
_DIGEST_CHARS: Final = 2 * _DIGEST_BYTES
_WITHOUT_ROOMS_BYTES: Final = 100
"""An upper bound of the text without its rooms."""


@dataclass(frozen=True, slots=True)
class Message:
    """A node has appended up to ``end``, in rooms with these digests; None are any rooms."""

    node: int
    end: int
    rooms: frozenset[str] | None


def digest(room: str) -> str:
    """Return the digest of a room's name, eight hexadecimal digits."""
    return hashlib.blake2b(room.encode(), digest_size=_DIGEST_BYTES).hexdigest()


def written(message: Message, *, max_bytes: int) -> str:
    """Return a message as JSON, without its rooms if they do not fit. It has no apostrophes."""
    said: dict[str, int | str] = {"node": message.node, "end": message.end}
    rooms = message.rooms
    if rooms is not None and len(rooms) * _DIGEST_CHARS + _WITHOUT_ROOMS_BYTES <= max_bytes:
        said["rooms"] = "".join(sorted(rooms))
    return json.dumps(said)


def read(text: str) -> Message | None:
    """Return the message of a text; None if it is none that this version knows."""
    try:
        said = json.loads(text)
        rooms = said.get("rooms")
        digests = None if rooms is None else frozenset(_split(rooms))
        return Message(_whole(said["node"]), _whole(said["end"]), digests)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _whole(value: object) -> int:
    if type(value) is not int:
        raise TypeError
    return value


def _split(rooms: str) -> Iterable[str]:
    return (rooms[at : at + _DIGEST_CHARS] for at in range(0, len(rooms), _DIGEST_CHARS))


class Names:
    """The names of the rooms that a node serves, and their digests."""

    def __init__(self) -> None:
        self._by_digest: dict[str, set[str]] = {}
        self._names: set[str] = set()

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def add(self, name: str) -> None:
        """Add a name, if it is not there."""
        self._names.add(name)
        self._by_digest.setdefault(digest(name), set()).add(name)

    def discard(self, name: str) -> None:
        """Remove a name, if it is there."""
        self._names.discard(name)
        names = self._by_digest.get(key := digest(name), set())
        names.discard(name)
        if not names:
            self._by_digest.pop(key, None)

    def have_any(self, digests: Collection[str]) -> bool:
        """Return whether a name has one of these digests."""
        return not self._by_digest.keys().isdisjoint(digests)
