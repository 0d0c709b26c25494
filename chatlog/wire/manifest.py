"""A manifest: what an exported file holds, so that its reader can tell that it is all there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, Literal

import msgspec

from chatlog.domain.errors import ChatlogError
from chatlog.domain.events import Erased, Event, Joined, Left
from chatlog.domain.proof import Proved

FORMAT: Final = "chatlog-export-1"

Kind = Literal["jsonl", "csv"]
Range = dict[Literal["from", "to"], int | str]


class BadManifest(ChatlogError):
    """A file is no manifest, or not the manifest of this export."""


class Manifest(msgspec.Struct):
    """``is_whole`` says whether the file is the room's whole chain until ``head_hash``.

    ``first`` and ``last`` are the seqs of the first and last event in the file, None in
    an empty one; ``head`` and ``head_hash`` (64 hexadecimal digits) those of the last
    event that was looked at; ``sha256`` is of the file's bytes. ``timezone`` is that of
    ``filters`` and of the file's times; ``range`` is what ``from`` and ``to`` were taken for:
    seqs or times in UTC, both included.
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
    """What an export was asked for, as its manifest repeats it."""

    kind: Kind
    room: str
    filters: Mapping[str, str]
    range: Range
    timezone: str = "UTC"


class Tally:
    """Counts what goes into a file."""

    def __init__(self) -> None:
        self._digest = sha256()
        self._bytes = 0
        self._counts: dict[str, int] = {}
        self._first: int | None = None
        self._last: int | None = None
        self._room_id: str | None = None

    def add_events(self, page: Iterable[Proved]) -> None:
        """Count some events."""
        for proved in page:
            kind = _kind(proved.recorded.event)
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self._last = proved.recorded.seq
            self._first = self._first or self._last
            self._room_id = proved.proof.room_id

    def add_bytes(self, written: bytes) -> None:
        """Count some bytes."""
        self._digest.update(written)
        self._bytes += len(written)

    def manifest(self, asked: Asked, head: tuple[int, str], *, is_whole: bool) -> bytes:
        """Return the manifest of all that was counted: one line of JSON."""
        found = Manifest(
            format=FORMAT,
            kind=asked.kind,
            room=asked.room,
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
    """Return what a manifest says.

    Raises:
        BadManifest: if it is none.
    """
    try:
        found = msgspec.json.decode(text, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadManifest(f"The file is no manifest of an export: {error}") from None
    if found.format != FORMAT:
        raise BadManifest(f"The manifest is of another format: {found.format!r}.")
    return found


def _kind(event: Event) -> str:
    if isinstance(event, Joined):
        return "join"
    if isinstance(event, Left):
        return "leave"
    return "erasure" if isinstance(event, Erased) else "chat"
