"""Encode events as JSON, for clients and for exports, and decode an export's lines.

Keys are in the order of the protocol; absent fields are omitted. A line of an export is the
client's frame with a ``proof`` at its end. ``decode_proved`` accepts exactly what
``encode_proved`` writes: anything else would be lost, or be a claim that no hash covers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from chatlog.domain.errors import ChatlogError
from chatlog.domain.users import Subject, User
from chatlog.kinds import KINDS
from chatlog.kinds.details import facts_of
from chatlog.kinds.event import Event, Recorded
from chatlog.kinds.proof import (
    ContentLine,
    Hex16,
    Hex32,
    PersonLine,
    PersonSalts,
    Proof,
    ProofLine,
    Proved,
)
from chatlog.kinds.registry import BY_TYPE, AnyFrame

FORMAT: Final = "chatlog-1"


class BadLine(ChatlogError):
    """A line that an export would not have."""


_encode: Final = msgspec.json.Encoder().encode
_decode_frame: Final[msgspec.json.Decoder[Any]] = msgspec.json.Decoder(AnyFrame)


def _proof_decoder(kind: type[Event]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(msgspec.defstruct("Line", [("proof", kind.proof_line)]))


class _Sealed(msgspec.Struct):
    """A person in details: the ids of the user and its subject, and the commitments to both."""

    id: Hex16
    name: Hex32
    subject_id: Hex16 | None = None
    subject: Hex32 | None = None


_decode_details: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_sealed: Final = msgspec.json.Decoder(_Sealed).decode
_PROOFS: Final = {kind: _proof_decoder(kind) for kind in KINDS}


def encode(recorded: Recorded) -> bytes:
    """Return the event's JSON text in UTF-8."""
    return _encode(recorded.event.frame(recorded))


def encode_positioned(recorded: Recorded) -> bytes:
    """Return the event's JSON text with its position in the log as the last field."""
    return b'%b,"position":%d}' % (encode(recorded)[:-1], recorded.position)


def size_of(recorded: Recorded) -> int:
    """Return the size of the event's JSON text in bytes."""
    return len(encode(recorded))


def _proof_line(proved: Proved, frame: msgspec.Struct) -> ProofLine:
    """Return the proof of an event, without what its frame shows."""
    event, proof, shown = proved.recorded.event, proved.proof, frame.__struct_fields__
    facts = event.facts()
    line = event.proof_line(
        format=FORMAT,
        hash=proved.recorded.hash.hex(),
        room_id=proof.room_id,
        user_id=event.user.id,
        node=event.node,
        name_commitment=event.user.commitment.hex(),
        name_salt=_hex(proof.name_salt),
        text_commitment=_hex(proof.text_commitment),
        text_salt=_hex(proof.text_salt),
        session=facts.session,
        of=None if "of" in shown else facts.of,
        details=proof.details,
        contents=_contents(proved, shown) if proof.salts else None,
        people=_people_lines(event, proof),
    )
    for name, value in event.hidden().items():
        setattr(line, name, value)
    return line


def _contents(proved: Proved, shown: Sequence[str]) -> dict[str, ContentLine]:
    """Return the further contents: their salts, and those that the frame does not show."""
    event, salts = proved.recorded.event, proved.proof.salts
    found = event.further_contents()
    return {
        name: ContentLine(salts[name].hex(), None if name in shown else found.get(name))
        for name in event.contents
        if name in salts
    }


def _people_lines(event: Event, proof: Proof) -> dict[str, PersonLine] | None:
    people = event.people
    return {key: _person(user, proof, key) for key, user in people.items()} if people else None


def _person(user: User, proof: Proof, key: str) -> PersonLine:
    salts = proof.people.get(key, PersonSalts())
    subject = None if user.subject is None else user.subject.subject
    sealed = (user.name, _hex(salts.name), subject, _hex(salts.subject))
    return PersonLine(*sealed, named=salts.is_named)


def encode_proved(proved: Proved) -> bytes:
    """Return the client's frame of the event with its proof: JSON text in UTF-8, one line."""
    frame = proved.recorded.event.frame(proved.recorded)
    return b'%b,"proof":%b}' % (_encode(frame)[:-1], _encode(_proof_line(proved, frame)))


def decode_proved(line: bytes) -> Proved:
    """Decode the event in a line. Its position and its user's number are 0.

    Raises:
        BadLine: if the line differs from what ``encode_proved`` would write.
    """
    try:
        proved = _decode(line)
        again = encode_proved(proved)
        same = again == line or _says(again) == _says(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError, KeyError) as error:
        raise BadLine(f"it is not an event of an export ({error})") from None
    if not same:
        raise BadLine("it holds something that an export does not")
    return proved


def _says(line: bytes) -> object:
    return msgspec.json.decode(line)


def _decode(line: bytes) -> Proved:
    frame = _decode_frame.decode(line)
    # A frame that several kinds share says in `event` which of them it is.
    kind = BY_TYPE[getattr(frame, "event", frame.__struct_config__.tag)]
    proof: ProofLine = _PROOFS[kind].decode(line).proof
    name = None if proof.name_salt is None else frame.username
    user = User(proof.user_id, name, 0, bytes.fromhex(proof.name_commitment))
    lines = proof.contents or {}
    contents = {name: getattr(frame, name, line.content) for name, line in lines.items()}
    people = _people(proof)
    event = kind.of_line(user, frame, proof, people).with_contents(contents)
    digest = bytes.fromhex(proof.hash)
    via = None if frame.via is msgspec.UNSET else frame.via
    recorded = Recorded(0, frame.room, frame.seq, frame.at, digest, event, via)
    proved = Proved(recorded, _proof(proof))
    facts = facts_of(proved)  # raises, unless the frame shows what the details say
    return Proved(recorded, proved.proof, facts)


def _people(proof: ProofLine) -> dict[str, User]:
    """Return the people of a line, as its details and what it shows of them have them."""
    lines = proof.people or {}
    if not lines:
        return {}
    details = _decode_details(proof.details or "{}")
    return {key: _user(_decode_sealed(details[key]), line) for key, line in lines.items()}


def _user(sealed: _Sealed, line: PersonLine) -> User:
    subject = None
    if sealed.subject_id is not None:
        if sealed.subject is None:
            raise ValueError("a subject has no commitment")
        subject = Subject(sealed.subject_id, line.subject, 0, bytes.fromhex(sealed.subject))
    return User(sealed.id, line.name, 0, bytes.fromhex(sealed.name), subject)


def _salts(line: PersonLine) -> PersonSalts:
    return PersonSalts(_unhex(line.name_salt), _unhex(line.subject_salt), line.named)


def _proof(proof: ProofLine) -> Proof:
    return Proof(
        proof.room_id,
        _unhex(proof.name_salt),
        _unhex(proof.text_commitment),
        _unhex(proof.text_salt),
        proof.details,
        {name: bytes.fromhex(line.salt) for name, line in (proof.contents or {}).items()},
        {key: _salts(line) for key, line in (proof.people or {}).items()},
    )


def _hex(value: bytes | None) -> str | None:
    return None if value is None else value.hex()


def _unhex(text: str | None) -> bytes | None:
    return None if text is None else bytes.fromhex(text)
