"""Encode and decode events of an export: the client's frame with a ``proof`` at its end.

One JSON object per line. ``decode_proved`` accepts exactly what ``encode_proved`` writes: anything
else in a line would be lost, or be a claim that no hash covers.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec

from chatlog.domain.errors import ChatlogError
from chatlog.domain.events import Cause, Erased, Event, Joined, Left, Posted, Recorded, User
from chatlog.domain.proof import Proof, Proved
from chatlog.wire.events import encode

FORMAT: Final = "chatlog-1"

_Hex16 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$")]
_Hex32 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
_Number = Annotated[int, msgspec.Meta(ge=0, le=2**62)]
# PostgreSQL stores no NUL, neither database a lone surrogate.
_Word = Annotated[str, msgspec.Meta(pattern="^[^\\x00-\\x1f\\x7f]{1,200}$")]


class BadLine(ChatlogError):
    """A line that an export would not have."""


class _Proof(msgspec.Struct, omit_defaults=True):
    """The header fields that the event does not show, and the commitments to its content."""

    format: str
    hash: _Hex32
    room_id: _Hex16
    user_id: _Hex16
    node: _Word
    name_commitment: _Hex32
    name_salt: _Hex16 | None = None
    text_commitment: _Hex32 | None = None
    text_salt: _Hex16 | None = None
    session: _Word | None = None
    replay_from: _Number | None = None
    reason: str | None = None


class _Line(msgspec.Struct):
    """Any event with its proof, loosely typed; ``decode_proved`` checks the rest."""

    type: Literal["chat", "notification", "session", "erasure"]
    room: str
    seq: _Number
    at: str
    username: str
    proof: _Proof
    event: Literal["join", "leave"] | None = None
    id: str | None = None
    sessions: _Number | None = None
    cause: Cause | None = None
    last_seen_at: str | None = None
    message: str | None = None
    of: tuple[_Number, ...] = ()


_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(_Line).decode


def encode_proof(proved: Proved) -> bytes:
    """Return the JSON text of ``proof`` alone."""
    event, proof = proved.recorded.event, proved.proof
    return _encode(
        _Proof(
            format=FORMAT,
            hash=proved.recorded.hash.hex(),
            room_id=proof.room_id,
            user_id=event.user.id,
            node=event.node,
            name_commitment=event.user.commitment.hex(),
            name_salt=_hex(proof.name_salt),
            text_commitment=_hex(proof.text_commitment),
            text_salt=_hex(proof.text_salt),
            session=None if isinstance(event, Erased) else event.session,
            replay_from=event.replay_from if isinstance(event, Joined) else None,
            reason=event.reason if isinstance(event, Erased) else None,
        )
    )


def encode_proved(proved: Proved) -> bytes:
    """Return the client's frame of the event with its proof: JSON text in UTF-8, one line."""
    return b'%b,"proof":%b}' % (encode(proved.recorded)[:-1], encode_proof(proved))


def decode_proved(line: bytes) -> Proved:
    """Decode the event in a line. Its position and its user's number are 0.

    Raises:
        BadLine: if the line differs from what ``encode_proved`` would write.
    """
    try:
        found = _decode(line)
        proved = Proved(_recorded(found), _proof(found.proof))
        same = encode_proved(proved) == line or _says(encode_proved(proved)) == _says(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise BadLine(f"it is not an event of an export ({error})") from None
    if not same:
        raise BadLine("it holds something that an export does not")
    return proved


def _says(line: bytes) -> object:
    return msgspec.json.decode(line)


def _recorded(line: _Line) -> Recorded:
    proof = line.proof
    name = None if proof.name_salt is None else line.username
    user = User(proof.user_id, name, 0, bytes.fromhex(proof.name_commitment))
    event = _event(line, user)
    return Recorded(0, line.room, line.seq, line.at, bytes.fromhex(proof.hash), event)


def _event(line: _Line, user: User) -> Event:
    proof = line.proof
    if line.type == "erasure":
        return Erased(user, proof.node, line.of, proof.reason)
    if proof.session is None:
        raise ValueError("it has no session")
    if line.type == "chat":
        text = None if proof.text_salt is None else line.message
        return Posted(user, proof.session, proof.node, text, line.id)
    stay = (user, proof.session, proof.node, line.sessions or 0)
    if line.event == "join":
        return Joined(*stay, proof.replay_from or 0)
    if line.cause is None:
        raise ValueError("it has no cause")
    return Left(*stay, line.cause, line.last_seen_at)


def _proof(proof: _Proof) -> Proof:
    return Proof(
        proof.room_id,
        _unhex(proof.name_salt),
        _unhex(proof.text_commitment),
        _unhex(proof.text_salt),
    )


def _hex(value: bytes | None) -> str | None:
    return None if value is None else value.hex()


def _unhex(text: str | None) -> bytes | None:
    return None if text is None else bytes.fromhex(text)
