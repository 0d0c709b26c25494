"""Accept chats straight from their rows: nine of ten events are chats, and nearly all are right.

Decoding a row into an event and its proof, and checking these, costs 13 µs. A chat whose columns
have exactly the types of a chat's, and the hash that is computed from them, needs only a few
comparisons more, 3 µs in all.

This never finds anything wrong. What it does not accept is wrong, or no chat, or has what few chats
have: details, further contents, an erased text or name. Such a row takes the general path,
``Decoder`` and ``ChainCheck``, which accepts it or says what is wrong. ``test_plain_chats``
compares the two: nothing is accepted here that is not accepted there.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final, NamedTuple

from chatlog.audit.paging.plain_rows import types_of_plain_chats
from chatlog.audit.paging.room_rows import Shared
from chatlog.audit.verification.check_events import TIME, ChainCheck, Wrong
from chatlog.audit.verification.decoding import Decoder
from chatlog.audit.verification.stored_rows import Row, StoredRow
from chatlog.domain.users import User
from chatlog.eventlog.plain_chats import Author, ChatHeaders, author
from chatlog.kinds.chat import Posted

_PLAIN: Final = types_of_plain_chats(StoredRow._fields)


class _Stay(NamedTuple):
    """An open session, its author, and the numbers that its rows have of both."""

    owner: User
    author: Author
    user_id: int
    node_id: int
    seen_at: str


class PlainChats:
    """Accepts the plain chats of a page whose rows refer to what is in ``shared``."""

    def __init__(self, decoder: Decoder, shared: Shared, check: ChainCheck) -> None:
        self._decoder = decoder
        self._shared = shared
        self._check = check
        self._stays: dict[str, _Stay] = {}
        self._headers = ChatHeaders(shared.room.room_uuid)

    def accept(self, row: Row) -> bool:
        """Move the check on to the event of a row of ``read_rows``, if that is surely right."""
        if tuple(map(type, row)) not in _PLAIN:
            return False
        check = self._check
        position, _, seq, at, digest, kind, version, session, client_id = row[:9]
        node, user, sealed, salt, is_topic = row[17:22]
        stay = self._stays.get(session) or self._found(session, user, node)
        if not (
            stay is not None
            and stay.owner is check.sessions.user_of(session)
            and (stay.user_id, stay.node_id) == (user, node)
            and kind == Posted.type
            and version == Posted.version == 1
            and is_topic
            and seq == check.head + 1
            and position > check.position
            and (check.at < at <= stay.seen_at or at == check.at)
            and TIME.fullmatch(at)
        ):
            return False
        try:
            if sha256(salt + row[15].encode()).digest() != sealed:
                return False
            header = self._headers.header(seq, at, stay.author, client_id, sealed)
            if sha256(check.hash + header).digest() != digest:
                return False
        except UnicodeEncodeError:
            return False
        check.head, check.at, check.hash, check.position = seq, at, digest, position
        return True

    def _found(self, session: str, user_id: int, node_id: int) -> _Stay | None:
        """Return an open session whose user and server are as they should be."""
        check, place = self._check, self._shared.room
        owner, seq = check.sessions.user_of(session), check.head + 1
        if owner is None or check.room_id != place.room_uuid:
            return None
        try:
            server = self._decoder.server(node_id, seq)
            user, salts = self._decoder.person(user_id, seq)
            check.check_name(seq, (user.commitment, salts.name, user.name))
        except Wrong:
            return None
        if user.name is None or user.id != owner.id:
            return None
        by = author(user, session, server.node)
        stay = self._stays[session] = _Stay(owner, by, user_id, node_id, server.seen_at)
        return stay
