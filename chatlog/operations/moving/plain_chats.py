"""Check the plain chats of an export: what is left to check once their session has been.

The line that began a session was checked in full: its room, user, name and node. A chat that names
the same ones, byte for byte, needs only its own part checked: its place, time, id, text and hash.
What does not pass here is not refused but checked in full, which finds the reason.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from chatlog.audit.verification.check_events import ChainCheck
from chatlog.audit.verification.restored_content import Kept
from chatlog.domain.errors import Refused
from chatlog.domain.names import STORED_LIMITS, check_id, check_message
from chatlog.eventlog.chain import SALT_BYTES
from chatlog.eventlog.plain_chats import Author, ChatHeaders, PlainChat, author
from chatlog.kinds.join import Joined
from chatlog.kinds.leave import Left
from chatlog.kinds.proof import Proved
from chatlog.operations.moving.times import check_time
from chatlog.wire.events import FORMAT, BadLine
from chatlog.wire.plain_line import PlainLine, decode_plain

_HASH_DIGITS: Final = 16
"""Digits of the hash that a frame shows."""

_Same = tuple[str | None, ...]
"""The texts that all lines of a session's plain chats have in common."""


class PlainChats:
    """The open sessions of a file's room, whose chats are plain."""

    def __init__(self, chain: ChainCheck, kept: Kept) -> None:
        """``chain`` and ``kept`` check the same file; they are moved on with each chat."""
        self._chain = chain
        self._kept = kept
        self._open: dict[str, tuple[_Same, Author]] = {}
        self._headers: ChatHeaders | None = None

    def note(self, proved: Proved) -> None:
        """Take in an event that was checked in full."""
        event, proof = proved.recorded.event, proved.proof
        if type(event) is Left:
            self._open.pop(event.session, None)
        elif type(event) is Joined and event.user.name is not None and proof.name_salt is not None:
            user = event.user
            name = user.name, user.commitment.hex(), proof.name_salt.hex()
            room = proved.recorded.room, proof.room_id
            same = (FORMAT, *room, user.id, event.node, *name)
            self._open[event.session] = same, author(user, event.session, event.node)
            self._headers = self._headers or ChatHeaders(proof.room_id)

    def accept(self, line: bytes) -> PlainChat | None:
        """Check the next line and move on to it; None if it must be checked in full."""
        found = decode_plain(line)
        if found is None or (session := self._open.get(found.proof.session)) is None:
            return None
        same, whose = session
        if _same(found) != same or not self._is_next(found):
            return None
        try:
            chat = self._opened(found, whose)
        except ValueError:  # the salt is no hexadecimal number
            return None
        if chat is not None:
            self._chain.head, self._chain.at, self._chain.hash = chat.seq, chat.at, chat.hash
            self._kept.accept_text()
        return chat

    def _is_next(self, found: PlainLine) -> bool:
        """Whether what the line says besides its hash and its text can be the next event's."""
        if found.seq != self._chain.head + 1 or found.at < self._chain.at:
            return False
        try:
            if found.at != self._chain.at:
                check_time(found.at)
            if (id := found.client_id) is not None:
                check_id(id)
            check_message(found.message, STORED_LIMITS)
        except (BadLine, Refused):
            return False
        return True

    def _opened(self, found: PlainLine, whose: Author) -> PlainChat | None:
        """Return the chat, if its hash and its commitment hold its text."""
        proof, text = found.proof, found.message
        salt = bytes.fromhex(proof.text_salt)
        sealed = sha256(salt + text.encode()).digest()
        id = found.client_id
        assert self._headers is not None
        header = self._headers.header(found.seq, found.at, whose, id, sealed)
        digest = sha256(self._chain.hash + header).digest()
        # Compared as texts: fromhex reads what an export does not write, such as capitals.
        texts = digest.hex(), found.hash, sealed.hex(), salt.hex()
        shown = proof.hash, proof.hash[:_HASH_DIGITS], proof.text_commitment, proof.text_salt
        if texts != shown or len(salt) != SALT_BYTES:
            return None
        return PlainChat(whose, found.seq, found.at, id, digest, sealed, salt, text)


def _same(found: PlainLine) -> _Same:
    proof = found.proof
    name = found.username, proof.name_commitment, proof.name_salt
    return (proof.format, found.room, proof.room_id, proof.user_id, proof.node, *name)
