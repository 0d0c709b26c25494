"""Rows of ``events``, each chained to the one before: what ``eventlog.append`` writes.

The header's bytes are put together from parts that stay the same for a room or a
session, which is five times as fast as ``chain.header``; ``test_histories`` compares them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256

from chatlog.eventlog.chain import FORMAT, GENESIS
from chatlog.eventlog.chain import field as chain_field

Row = tuple[object, ...]
"""A row of ``events``, in the order of ``COLUMNS``."""

COLUMNS = (
    *("position", "room_id", "seq", "at", "type", "version", "user_id", "node_id", "session"),
    *("client_id", "cause", "last_seen_at", "sessions", "replay_from", "of"),
    *("hash", "text_commitment", "text_salt", "text"),
)

ABSENT = chain_field(None)
_TIME_LENGTH = (27).to_bytes(4)
_DIGEST_LENGTH = (32).to_bytes(4)


@dataclass(slots=True)
class Person:
    """A user as rows and headers name them."""

    number: int
    uuid: str
    name: str
    salt: bytes
    commitment: bytes
    erased: bool = False


@dataclass(slots=True)
class Chain:
    """The chain of one room, at its head."""

    number: int
    uuid: str
    name: str
    head: int = 0
    hash: bytes = GENESIS
    prefixes: dict[str, bytes] = field(default_factory=dict)

    def append(
        self,
        position: int,
        at: str,
        kind: str,
        author: Author,
        *,
        session: str | None = None,
        client_id: str | None = None,
        cause: str | None = None,
        last_seen_at: str | None = None,
        sessions: int | None = None,
        replay_from: int | None = None,
        of: str | None = None,
        text: str | None = None,
        salt: bytes | None = None,
    ) -> Row:
        """Return the row of the room's next event."""
        seq = self.head = self.head + 1
        sealed = None if text is None or salt is None else sha256(salt + text.encode()).digest()
        facts = b"".join(map(chain_field, (cause, last_seen_at, sessions, replay_from, of)))
        header = (
            self._prefix(kind)
            + chain_field(seq)
            + _TIME_LENGTH
            + at.encode()
            + author.header
            + chain_field(session)
            + chain_field(client_id)
            + facts
            + author.name_field
            + (ABSENT if sealed is None else _DIGEST_LENGTH + sealed)
        )
        self.hash = sha256(self.hash + header).digest()
        place = (position, self.number, seq, at, kind, 1, author.person.number, author.node)
        told = (session, client_id, cause, last_seen_at, sessions, replay_from, of)
        return (*place, *told, self.hash, sealed, salt, text)

    def chat(
        self,
        position: int,
        at: str,
        author: Author,
        session: Session,
        id: str,
        text: str,
        salt: bytes,
    ) -> Row:
        """Return the row of the room's next event, a chat: nearly all events are."""
        seq = self.head = self.head + 1
        sealed = sha256(salt + text.encode()).digest()
        number = str(seq).encode()
        header = b"".join(
            (
                self._prefix("chat"),
                len(number).to_bytes(4),
                number,
                _TIME_LENGTH,
                at.encode(),
                session.header,
                id.encode(),
                _CHAT_FACTS,
                author.name_field,
                _DIGEST_LENGTH,
                sealed,
            )
        )
        self.hash = digest = sha256(self.hash + header).digest()
        return (
            *(position, self.number, seq, at, "chat", 1, author.person.number, author.node),
            *(session.id, id, None, None, None, None, None, digest, sealed, salt, text),
        )

    def _prefix(self, kind: str) -> bytes:
        found = self.prefixes.get(kind)
        if found is None:
            parts: tuple[bytes | str, ...] = (FORMAT, kind, self.uuid)
            found = self.prefixes[kind] = b"".join(map(chain_field, parts))
        return found


_CHAT_FACTS = ABSENT * 5
_CLIENT_ID_LENGTH = (32).to_bytes(4)


@dataclass(slots=True)
class Author:
    """Somebody at a node: who is behind an event."""

    person: Person
    node: int
    header: bytes
    name_field: bytes


def author(person: Person, node: int, node_name: str) -> Author:
    """Return a person at a node, with what stands for them in a header."""
    header = chain_field(person.uuid) + chain_field(node_name)
    return Author(person, node, header, chain_field(person.commitment))


@dataclass(slots=True)
class Session:
    """A session in a room; ``header`` is what every chat of it has in its header.

    A chat's id must be 32 characters of ASCII.
    """

    id: str
    author: Author
    joined_seq: int
    joined_at: str
    replay_from: int
    header: bytes


def new_session(
    id: str, author: Author, joined_seq: int, joined_at: str, replay_from: int
) -> Session:
    """Return a session that has just begun."""
    header = author.header + chain_field(id) + _CLIENT_ID_LENGTH
    return Session(id, author, joined_seq, joined_at, replay_from, header)
