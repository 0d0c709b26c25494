"""Leave: a session ended, by itself or because somebody removed its user."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, cast, get_args

from chatlog.domain.errors import Refused, RoomUnknown
from chatlog.domain.identity import Identity
from chatlog.domain.rights import Asker, authorize, is_at_least, role_at, role_in
from chatlog.domain.room import Room
from chatlog.domain.sessions import OpenSessions
from chatlog.domain.users import User
from chatlog.kinds.command import Command, Decision, Form, Known, Target
from chatlog.kinds.event import Event, Facts, Recorded, canonical, required, shown_name
from chatlog.kinds.person import (
    CommandAboutPerson,
    OrderAboutPerson,
    acting,
    asker,
    unchanged,
)
from chatlog.kinds.proof import ProofLine, commitments
from chatlog.kinds.session import (
    JoinFrame,
    SessionFrame,
    count_of_sessions,
    unless_counted,
    unless_open,
)

Cause = Literal[
    "left",
    "disconnected",
    "timed_out",
    "shutdown",
    "kicked",
    "expired",
    "revoked",
    "import_ended",
    "lapsed",
]


@dataclass(frozen=True, slots=True)
class Leave(Command):
    """Close ``session`` in ``room``."""

    room: str
    session: str
    cause: Cause
    last_seen_at: str | None = None
    at: str | None = None
    via: str | None = None

    def decide(self, room: Room, known: Known) -> Event | Refused:
        user = room.sessions.user_of(self.session)
        if user is None:
            return Refused("not_joined", "You are not in this room.")
        sessions = room.sessions.count(user) - 1
        return Left(user, self.session, known.node, sessions, self.cause, self.last_seen_at)


class LeaveRequest(Form, tag="leave"):
    """Leave a room; by default the one joined last."""

    room: str | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Kick(CommandAboutPerson):
    """End every session of ``target`` in the room; its author asks for it."""

    room: str
    author: Identity
    target: Target
    reason: str | None = None
    at: str | None = None
    via: str | None = None

    def decide(self, room: Room, known: Known) -> Decision:
        if room.head == 0:
            return RoomUnknown()
        who = asker(room, known, self.author)
        actor, at = authorize(room.rights.rules, who, "kick"), who.at
        author, target = acting(room, known, self.author), known.target(self.target)
        if target is None or target.subject is None:
            return unchanged(room)
        given = room.rights.of(target.subject.id)
        if actor != "owner" and is_at_least(role_at(given, at), "moderator"):
            return Refused("forbidden", "Only an owner removes a moderator.")
        if room.sessions.of_subject(target.subject.id) is None:
            return unchanged(room)
        return removals(room, known, target, author, self.reason)


class KickMember(OrderAboutPerson, tag="kick"):
    """End somebody's sessions in a room."""

    def command(self, author: Identity) -> Kick:
        return Kick(self.room, author, self.target, self.reason or None)


@dataclass(frozen=True, slots=True)
class Expel(Command):
    """End ``session`` in ``room`` if its user's role has run out.

    A session that ``is_cut`` has been sent no event since its role ran out: it ends although its
    user may have been given another role meanwhile.
    """

    room: str
    session: str
    is_cut: bool = False
    at: str | None = None

    def decide(self, room: Room, known: Known) -> Decision:
        user = room.sessions.user_of(self.session)
        if user is None or user.subject is None:
            return Refused("not_joined", "The session has ended.")
        role = role_in(room.rights.rules, Asker(room.rights.of(user.subject.id), known.time(room)))
        if is_at_least(role, "reader") and not self.is_cut:
            return unchanged(room)
        return Left(user, self.session, known.node, room.sessions.count(user) - 1, "kicked")


def removals(
    room: Room, known: Known, target: User, by: User, reason: str | None
) -> Iterator[Event]:
    """Yield the leaves of the target's sessions; each is recorded before the next is made."""
    assert target.subject is not None
    present = room.sessions.of_subject(target.subject.id)
    if present is None:
        return
    for session in room.sessions.of_user(present):
        count = room.sessions.count(present) - 1
        left = Left(present, session, known.node, count, "kicked", None)
        yield replace(left, by=by, reason=reason)


@dataclass(frozen=True, slots=True)
class Left(Event):
    """A session ended. ``sessions`` counts the user's open ones after it.

    ``last_seen_at`` is set if the end is inferred (cause ``lapsed``): when the session was last
    known to be open. ``by`` is who removed its user, for a ``reason`` that can be erased.
    """

    type: ClassVar = "leave"
    is_redactable: ClassVar = True
    frames: ClassVar = (JoinFrame, SessionFrame)
    columns: ClassVar = ("session", "sessions", "cause", "last_seen_at", "by", "reason")

    user: User
    session: str
    node: str
    sessions: int
    cause: Cause
    last_seen_at: str | None = None
    by: User | None = None
    reason: str | None = None

    @property
    def text(self) -> str | None:
        return self.reason

    @property
    def about(self) -> User | None:
        return self.by

    @property
    def people(self) -> Mapping[str, User]:
        return {} if self.by is None else {"by": self.by}

    @property
    def times(self) -> tuple[str, ...]:
        return () if self.last_seen_at is None else (self.last_seen_at,)

    def facts(self) -> Facts:
        own = (self.session, None, self.cause, self.last_seen_at, self.sessions)
        if self.by is None:
            return Facts(*own)
        return Facts(*own, of=self.by.id, details=canonical(commitments(self.people)))

    @classmethod
    def of_facts(
        cls, user: User, node: str, facts: Facts, text: str | None, about: User | None = None
    ) -> Left:
        session = required(facts.session, "session")
        sessions = required(facts.sessions, "sessions")
        cause = cast(Cause, required(facts.cause, "cause"))
        if facts.of is not None and about is None:
            raise ValueError("the user who removed its own is not in the log")
        return cls(user, session, node, sessions, cause, facts.last_seen_at, about, text)

    def frame(self, recorded: Recorded) -> JoinFrame | SessionFrame:
        name, erased = shown_name(self.user.name), self.user.name is None
        fields = {
            **recorded.place,
            "event": "leave",
            "username": name,
            "sessions": self.sessions,
            "cause": self.cause,
            "last_seen_at": self.last_seen_at,
            "by": None if self.by is None else shown_name(self.by.name),
            "reason": self.reason,
            "erased": erased,
        }
        if self.sessions > 0:
            return SessionFrame(**fields)
        return JoinFrame(**fields, message="" if erased else f"{name} left the room.")

    @classmethod
    def of_line(
        cls,
        user: User,
        frame: JoinFrame | SessionFrame,
        proof: ProofLine,
        people: Mapping[str, User],
    ) -> Left:
        session = required(proof.session, "session")
        if frame.cause not in get_args(Cause):
            raise ValueError("it has no cause")
        cause = cast(Cause, frame.cause)
        by, reason = people.get("by"), None if proof.text_salt is None else frame.reason
        seen = frame.last_seen_at
        return cls(user, session, proof.node, frame.sessions, cause, seen, by, reason)

    def cells(self) -> Mapping[str, object]:
        return {
            "session": self.session,
            "sessions": self.sessions,
            "cause": self.cause,
            "last_seen_at": self.last_seen_at,
            "by": None if self.by is None else shown_name(self.by.name),
            "reason": self.reason,
        }

    def said(self) -> str:
        seen = f", last seen {self.last_seen_at}" if self.last_seen_at else ""
        by = f" by {shown_name(self.by.name)}" if self.by else ""
        reason = f": {self.reason}" if self.reason else ""
        how = "" if self.cause == "left" else f" ({self.cause}{by}{seen})"
        return f"left{how}{count_of_sessions(self.sessions, usual=0)}{reason}"

    def fold(self, sessions: OpenSessions) -> None:
        sessions.close(self.session)

    def contradiction(self, seq: int, at: str, sessions: OpenSessions) -> str | None:
        if self.by is not None and self.cause != "kicked":
            return "its cause is not that somebody removed its user"
        if self.reason is not None and self.by is None:
            return "it has a reason, but nobody who gave it"
        return unless_open(sessions, self.session, self.user) or unless_counted(
            sessions, self.user, self.sessions + 1
        )
