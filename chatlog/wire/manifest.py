"""Manifests: the contents of an exported file, so that its reader can check completeness."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, Literal

import msgspec

from chatlog.domain.errors import ChatlogError
from chatlog.kinds.event_query import EventQuery

FORMAT: Final = "chatlog-export-1"

Kind = Literal["jsonl", "csv", "html"]
Range = dict[Literal["from", "to"], int | str]


class BadManifest(ChatlogError):
    """A file is not a manifest, or not the manifest of this export."""


class Manifest(msgspec.Struct):
    """A description of an export.

    ``is_whole`` tells whether the file is the room's complete chain up to ``head_hash``.
    ``first`` and ``last`` are the seqs of the first and last event in the file, None if it is
    empty; ``head`` and ``head_hash`` (64 hexadecimal digits) are those of the last event read;
    ``sha256`` is that of the file's bytes. ``timezone`` applies to ``filters`` and to the file's
    times; ``range`` is the interpretation of ``from`` and ``to``: seqs or times in UTC, both
    inclusive.
    """

    format: str
    kind: Kind
    room: str
    room_id: str | None
    is_whole: bool
    filters: dict[str, Any]
    events: int
    counts: dict[str, int]
    first: int | None
    last: int | None
    head: int
    head_hash: str
    bytes: int
    sha256: str
    timezone: str = "UTC"
    range: Range = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The request for an export, as repeated in its manifest; ``filters`` are its flags' texts."""

    kind: Kind
    query: EventQuery
    filters: Mapping[str, str]
    timezone: str = "UTC"

    @property
    def range(self) -> Range:
        """The ends of the query that were given, as seqs or times."""
        found: Range = {}
        if self.query.first is not None:
            found["from"] = self.query.first
        if self.query.last is not None:
            found["to"] = self.query.last
        return found


class Tally:
    """Counts the contents of a file."""

    def __init__(self) -> None:
        self._digest = sha256()
        self._bytes = 0
        self._counts: dict[str, int] = {}
        self._first: int | None = None
        self._last: int | None = None
        self._room_id: str | None = None

    def add_events(self, room_id: str, types: Iterable[str], seqs: tuple[int, int]) -> None:
        """Count some events, given the room's id, their types, and their first and last seq."""
        for kind, count in Counter(types).items():
            self._counts[kind] = self._counts.get(kind, 0) + count
        first, self._last = seqs
        self._first = self._first or first
        self._room_id = room_id

    def add_bytes(self, written: bytes) -> None:
        """Count some bytes."""
        self._digest.update(written)
        self._bytes += len(written)

    def manifest(self, asked: Asked, head: tuple[int, str], *, is_whole: bool) -> bytes:
        """Return the manifest of everything counted: one line of JSON."""
        found = Manifest(
            format=FORMAT,
            kind=asked.kind,
            room=asked.query.room,
            room_id=self._room_id,
            is_whole=is_whole,
            filters=dict(asked.filters),
            events=sum(self._counts.values()),
            counts=dict(sorted(self._counts.items())),
            first=self._first,
            last=self._last,
            head=head[0],
            head_hash=head[1],
            bytes=self._bytes,
            sha256=self._digest.hexdigest(),
            timezone=asked.timezone,
            range=asked.range,
        )
        return msgspec.json.encode(found) + b"\n"


def decode_manifest(text: bytes) -> Manifest:
    """Decode a manifest.

    Raises:
        BadManifest: if it is not a manifest.
    """
    try:
        found = msgspec.json.decode(text, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadManifest(f"The file is not an export's manifest: {error}") from None
    if found.format != FORMAT:
        raise BadManifest(f"The manifest has an unknown format: {found.format!r}.")
    return found
