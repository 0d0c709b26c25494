"""Plain chats: a text in an open session, without a door, a sender or anything erased.

They are nine of ten events of a log, and one differs from the next in the same room only in
time, text and author. So ``verify`` and imports put their headers together from parts that are
encoded once, and imports make their rows without an ``Event``: one is read, checked and placed in
7 µs instead of 20. The bytes are those of ``chain.header``, the row is that of ``rows.event_row``.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from chatlog.domain.users import User
from chatlog.eventlog import chain
from chatlog.kinds.chat import Posted
from chatlog.kinds.event import Facts

_TYPE: Final = Posted.type
_FACTS: Final = (None,) * (len(Facts._fields) - 2)
"""The facts after ``session`` and ``client_id``; their fields up to ``of`` are in the header."""
_NO_ID: Final = chain.field(None)
_COMMITMENT: Final = (32).to_bytes(4)
"""The length before the commitment to a text."""


class Author(NamedTuple):
    """Who chats in a session, with the parts of the header that are the same for all its chats."""

    user: User
    session: str
    node: str
    before: bytes
    after: bytes


def author(user: User, session: str, node: str) -> Author:
    """Return the author of a session's chats."""
    before = chain.fields(user.id, node, session)
    after = chain.fields(*_FACTS[:-1], user.commitment) + _COMMITMENT
    return Author(user, session, node, before, after)


class PlainChat(NamedTuple):
    """A plain chat that has its place; the fields are those of ``Recorded`` and its proof."""

    author: Author
    seq: int
    at: str
    client_id: str | None
    hash: bytes
    text_commitment: bytes
    text_salt: bytes
    text: str

    def row(self, position: int, room: int, user: int, node: int) -> tuple[Any, ...]:
        """Return its row, in the order of the table's columns, given its places in the log."""
        own = self.author.session, self.client_id
        sealed = self.text_commitment, self.text_salt, self.text
        place = position, room, self.seq, self.at, _TYPE, 1, user, node
        return (*place, *own, *_FACTS, self.hash, *sealed, None)


class ChatHeaders:
    """The headers of a room's chats."""

    def __init__(self, room_id: str) -> None:
        self._room = chain.fields(chain.FORMAT, _TYPE, room_id)

    def header(
        self, seq: int, at: str, author: Author, client_id: str | None, text_commitment: bytes
    ) -> bytes:
        """Return the header of a chat."""
        number, time = b"%d" % seq, at.encode()
        return b"".join(
            (
                self._room,
                len(number).to_bytes(4),
                number,
                len(time).to_bytes(4),
                time,
                author.before,
                _NO_ID if client_id is None else chain.field(client_id),
                author.after,
                text_commitment,
            )
        )
