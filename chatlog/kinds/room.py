"""Room: a room was created, or somebody changed its topic, its lock or who may see it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final

import msgspec

from chatlog.domain.errors import Refused, RoomUnknown
from chatlog.domain.identity import Identity
from chatlog.domain.names import Limits, check_remark, check_stored_room
from chatlog.domain.rights import (
    Access,
    Action,
    Asker,
    Rights,
    Rules,
    Visibility,
    authorize,
    is_at_least,
    role_in,
)
from chatlog.domain.room import Room
from chatlog.domain.sessions import OpenSessions
from chatlog.domain.users import User
from chatlog.kinds.command import Decision, Known, Order
from chatlog.kinds.event import (
    MAX_NUMBER,
    Event,
    Facts,
    Recorded,
    Via,
    canonical,
    required,
    seqs_in,
    shown_name,
)
from chatlog.kinds.leave import removals
from chatlog.kinds.person import (
    PersonsCommand,
    acting,
    asker,
    unchanged,
)
from chatlog.kinds.proof import ProofLine, author, commitments, with_subject


@dataclass(frozen=True, slots=True)
class Configure(PersonsCommand):
    """Change what is given of a room's state; None leaves it as it is."""

    room: str
    author: Identity
    access: Access | None = None
    history: Visibility | None = None
    topic: str | None = None
    locked: bool | None = None
    at: str | None = None
    via: str | None = None

    @property
    def text(self) -> str | None:
        return self.topic

    def decide(self, room: Room, known: Known) -> Decision:
        if room.head == 0:
            return RoomUnknown()
        who = asker(room, known, self.author)
        for action in self._actions():
            authorize(room.rights.rules, who, action)
        author = acting(room, known, self.author)
        new = self._changed(room.rights.rules)
        if new == room.rights.rules:
            return unchanged(room)
        return self._events(room, known, author, new)

    def _actions(self) -> Iterator[Action]:
        if self.access is not None or self.history is not None:
            yield "configure"
        if self.topic is not None:
            yield "topic"
        if self.locked is not None:
            yield "lock"

    def _changed(self, rules: Rules) -> Rules:
        return replace(
            rules,
            access=self.access or rules.access,
            history=self.history or rules.history,
            locked=rules.locked if self.locked is None else self.locked,
            topic=rules.topic if self.topic is None else self.topic,
            topic_seq=rules.topic_seq if self.topic in (None, rules.topic) else None,
        )

    def _events(self, room: Room, known: Known, author: User, new: Rules) -> Iterator[Event]:
        has_other_access = new.access != room.rights.rules.access
        yield Changed(
            author,
            known.node,
            new.access,
            new.history,
            locked=new.locked,
            topic=new.topic or None,
            topic_seq=new.topic_seq,
        )
        if has_other_access:
            yield from self._removals(room, known, author)

    def _removals(self, room: Room, known: Known, author: User) -> Iterator[Event]:
        """Yield the leaves of those who have no role in a room that is no longer open."""
        present = {room.sessions.user_of(session) for session in room.sessions}
        for user in present:
            if user is None or user.subject is None:
                continue
            role = role_in(room.rights.rules, Asker(room.rights.of(user.subject.id), room.at))
            if not is_at_least(role, "reader"):
                yield from removals(room, known, user, author, None)


class ConfigureRoom(Order, tag="room"):
    """Change a room's topic, its lock, or who may see it."""

    room: str
    access: Access | None = None
    history: Visibility | None = None
    topic: str | None = None
    locked: bool | None = None

    def check(self, limits: Limits) -> None:
        check_stored_room(self.room, limits)
        if all(value is None for value in self._given()):
            raise Refused(
                "bad_command", "Give at least one of `topic`, `locked`, `access` and `history`."
            )
        if self.topic is not None:
            check_remark("topic", self.topic)

    def _given(self) -> tuple[Access | None, Visibility | None, str | None, bool | None]:
        return self.access, self.history, self.topic, self.locked

    def command(self, author: Identity) -> Configure:
        return Configure(self.room, author, *self._given())


class RoomFrame(msgspec.Struct, tag_field="type", tag="room", omit_defaults=True, kw_only=True):
    """The whole state of a room after the event; ``username`` is who changed it."""

    room: str
    seq: int
    hash: str
    at: str
    via: Via | msgspec.UnsetType = msgspec.UNSET
    access: str
    history: str
    topic: str
    locked: bool
    username: str
    erased: bool = False


class RoomProofLine(ProofLine, omit_defaults=True):
    """Its author's id for it, which clients do not see."""

    id: str | None = None


class _Details(msgspec.Struct):
    access: Access
    history: Visibility
    locked: bool


_details: Final = msgspec.json.Decoder(_Details).decode


@dataclass(frozen=True, slots=True)
class Changed(Event):
    """The state of a room. ``topic`` is the erasable text of the event ``topic_seq``.

    None as ``topic_seq`` means this event.
    """

    type: ClassVar = "room"
    is_redactable: ClassVar = True
    is_about_rights: ClassVar = True
    frames: ClassVar = (RoomFrame,)
    columns: ClassVar = ("access", "history", "topic", "locked")
    proof_line: ClassVar = RoomProofLine

    user: User
    node: str
    access: Access
    history: Visibility
    locked: bool
    topic: str | None
    topic_seq: int | None = None
    id: str | None = None

    @property
    def text(self) -> str | None:
        return self.topic if self.topic_seq is None else None

    @property
    def client_id(self) -> str | None:
        return self.id

    @property
    def people(self) -> Mapping[str, User]:
        return author(self.user)

    def facts(self) -> Facts:
        details: dict[str, Any] = {
            "access": self.access,
            "history": self.history,
            "locked": self.locked,
            **commitments(self.people),
        }
        of = None if self.topic_seq is None else str(self.topic_seq)
        return Facts(client_id=self.id, of=of, details=canonical(details))

    @classmethod
    def of_facts(
        cls, user: User, node: str, facts: Facts, text: str | None, about: User | None = None
    ) -> Changed:
        found = _details(required(facts.details, "details"))
        state = (found.access, found.history, found.locked)
        return cls(user, node, *state, text, _topic_seq(facts.of), facts.client_id)

    def frame(self, recorded: Recorded) -> RoomFrame:
        return RoomFrame(
            **recorded.place,
            access=self.access,
            history=self.history,
            topic=self.topic or "",
            locked=self.locked,
            username=shown_name(self.user.name),
            erased=self.user.name is None,
        )

    @classmethod
    def of_line(
        cls, user: User, frame: RoomFrame, proof: RoomProofLine, people: Mapping[str, User]
    ) -> Changed:
        state, topic_seq = (frame.access, frame.history, frame.locked), _topic_seq(proof.of)
        user, topic = with_subject(user, people), frame.topic or None
        return cls(user, proof.node, *state, topic, topic_seq, proof.id)  # type: ignore[arg-type]

    def hidden(self) -> Mapping[str, Any]:
        return {"id": self.id}

    def cells(self) -> Mapping[str, object]:
        return {
            "access": self.access,
            "history": self.history,
            "topic": self.topic,
            "locked": self.locked,
        }

    def said(self) -> str:
        lock = ", locked" if self.locked else ""
        topic = f": {self.topic}" if self.topic else ""
        return f"set the room to {self.access}, history {self.history}{lock}{topic}"

    def govern(self, rights: Rights, seq: int, at: str) -> None:
        own = seq if self.topic_seq is None and self.topic else self.topic_seq
        public = self.access != "private" or (seq > 1 and rights.rules.was_public)
        rights.rules = Rules(self.access, self.history, self.locked, self.topic or "", own, public)

    def contradiction(self, seq: int, at: str, sessions: OpenSessions) -> str | None:
        is_before = self.topic_seq is None or self.topic_seq < seq
        return None if is_before else "its topic is of an event that is not before it"


def _topic_seq(of: str | None) -> int | None:
    if of is None:
        return None
    (seq,) = seqs_in(of)
    if not 0 < seq <= MAX_NUMBER:
        raise ValueError("its topic is of no event")
    return seq
