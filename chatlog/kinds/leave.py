"""Leave: a session ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal, cast, get_args

from chatlog.domain.errors import Refused
from chatlog.domain.room import Room
from chatlog.domain.sessions import OpenSessions
from chatlog.domain.users import User
from chatlog.kinds.command import Command, Form, Known
from chatlog.kinds.event import Event, Facts, ProofLine, Recorded, required, shown_name
from chatlog.kinds.session import (
    JoinFrame,
    SessionFrame,
    count_of_sessions,
    unless_counted,
    unless_open,
)

Cause = Literal["left", "disconnected", "timed_out", "shutdown", "kicked", "import_ended", "lapsed"]


@dataclass(frozen=True, slots=True)
class Leave(Command):
    """Close ``session`` in ``room``."""

    room: str
    session: str
    cause: Cause
    last_seen_at: str | None = None
    at: str | None = None

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
class Left(Event):
    """A session ended. ``sessions`` counts the user's open ones after it.

    ``last_seen_at`` is set if the end is inferred (cause ``lapsed``): when the session was last
    known to be open.
    """

    type: ClassVar = "leave"
    frames: ClassVar = (JoinFrame, SessionFrame)
    columns: ClassVar = ("session", "sessions", "cause", "last_seen_at")

    user: User
    session: str
    node: str
    sessions: int
    cause: Cause
    last_seen_at: str | None = None

    @property
    def times(self) -> tuple[str, ...]:
        return () if self.last_seen_at is None else (self.last_seen_at,)

    def facts(self) -> Facts:
        return Facts(self.session, None, self.cause, self.last_seen_at, self.sessions)

    @classmethod
    def of_facts(cls, user: User, node: str, facts: Facts, text: str | None) -> Left:
        session = required(facts.session, "session")
        sessions = required(facts.sessions, "sessions")
        cause = cast(Cause, required(facts.cause, "cause"))
        return cls(user, session, node, sessions, cause, facts.last_seen_at)

    def frame(self, recorded: Recorded) -> JoinFrame | SessionFrame:
        name, erased = shown_name(self.user.name), self.user.name is None
        end = (name, self.sessions, self.cause, self.last_seen_at)
        if self.sessions > 0:
            return SessionFrame("leave", *recorded.place, *end, erased=erased)
        said = "" if erased else f"{name} left the room."
        return JoinFrame("leave", *recorded.place, *end, message=said, erased=erased)

    @classmethod
    def of_line(cls, user: User, frame: JoinFrame | SessionFrame, proof: ProofLine) -> Left:
        session = required(proof.session, "session")
        if frame.cause not in get_args(Cause):
            raise ValueError("it has no cause")
        cause = cast(Cause, frame.cause)
        return cls(user, session, proof.node, frame.sessions, cause, frame.last_seen_at)

    def cells(self) -> Mapping[str, object]:
        return {
            "session": self.session,
            "sessions": self.sessions,
            "cause": self.cause,
            "last_seen_at": self.last_seen_at,
        }

    def said(self) -> str:
        seen = f", last seen {self.last_seen_at}" if self.last_seen_at else ""
        return f"left ({self.cause}{seen})" + count_of_sessions(self.sessions, usual=0)

    def fold(self, sessions: OpenSessions) -> None:
        sessions.close(self.session)

    def contradiction(self, seq: int, sessions: OpenSessions) -> str | None:
        return unless_open(sessions, self.session, self.user) or unless_counted(
            sessions, self.user, self.sessions + 1
        )
