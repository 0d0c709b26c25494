"""Read and write the line of a plain chat in an export, in one step.

``decode_proved`` reads any line twice and writes it again from the event. A plain chat can be read
once, as it is: nothing in its proof depends on its type or on what was erased. So it can be written
without an event: ``encode_plain`` takes what is stored.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec

from chatlog.domain.users import User
from chatlog.kinds.chat import ChatFrame
from chatlog.wire.events import FORMAT


class PlainProof(msgspec.Struct):
    """The ``proof`` of a plain chat. Its texts may be anything: see ``decode_plain``."""

    format: str
    hash: str
    room_id: str
    user_id: str
    node: str
    name_commitment: str
    name_salt: str
    text_commitment: str
    text_salt: str
    session: str


class PlainLine(ChatFrame, tag="chat", kw_only=True):
    """The line of a plain chat."""

    proof: PlainProof

    @property
    def client_id(self) -> str | None:
        """Its author's id for it."""
        return None if self.id is msgspec.UNSET else self.id


_decode: Final = msgspec.json.Decoder(PlainLine).decode
_encode: Final = msgspec.json.Encoder().encode


def decode_plain(line: bytes) -> PlainLine | None:
    """Return what a line says, if it is written as an export writes a plain chat's.

    The form of its texts, and whether they agree, is for the caller to check.
    """
    try:
        found = _decode(line)
        if _encode(found) != line:
            return None
    except (msgspec.DecodeError, UnicodeError, RecursionError, ValueError):
        return None
    is_plain = found.via is msgspec.UNSET and not found.erased
    return found if is_plain else None


class Author(NamedTuple):
    """What all plain chats of a person in a room say, if one server recorded them."""

    room: str
    room_id: str
    user_id: str
    node: str
    username: str
    name_commitment: str
    name_salt: str


def author_of(place: tuple[str, str], node: str, user: User, salt: bytes | None) -> Author | None:
    """Return the author of chats in a ``place``: a room, by name and id; None if erased."""
    if user.name is None or salt is None:
        return None
    return Author(*place, user.id, node, user.name, user.commitment.hex(), salt.hex())


def encode_plain(
    author: Author,
    place: tuple[int, str, bytes],
    said: tuple[str, str | None, str],
    sealed: tuple[bytes, bytes],
) -> bytes:
    """Return the line of a plain chat, as ``encode_proved`` writes it.

    ``place`` has its seq, time and hash; ``said`` its session, its author's id for it and its text;
    ``sealed`` the text's commitment and salt.
    """
    room, room_id, user_id, node, username, name_commitment, name_salt = author
    seq, at, digest = place
    session, client_id, message = said
    commitment, salt = sealed
    hash_ = digest.hex()
    return _encode(
        PlainLine(
            room=room,
            seq=seq,
            hash=hash_[:16],
            at=at,
            id=msgspec.UNSET if client_id is None else client_id,
            username=username,
            message=message,
            proof=PlainProof(
                FORMAT,
                hash_,
                room_id,
                user_id,
                node,
                name_commitment,
                name_salt,
                commitment.hex(),
                salt.hex(),
                session,
            ),
        )
    )
