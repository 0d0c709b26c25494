"""Join: a session began."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final, Literal

import msgspec

from chatlog.domain.errors import Refused
from chatlog.domain.names import Limits, check_room, check_username
from chatlog.domain.room import Room
from chatlog.domain.sessions import OpenSessions
from chatlog.domain.users import User
from chatlog.kinds.command import Command, Form, Known
from chatlog.kinds.event import (
    MAX_SEQ,
    Event,
    Facts,
    Number,
    ProofLine,
    Recorded,
    required,
    shown_name,
)
from chatlog.kinds.session import JoinFrame, SessionFrame, count_of_sessions, unless_counted

MAX_BACKLOG: Final = 500
DEFAULT_BACKLOG: Final = 50

Backlog = Annotated[int, msgspec.Meta(ge=0, le=MAX_BACKLOG)]
Seq = Annotated[int, msgspec.Meta(ge=0, le=MAX_SEQ)]
HashText = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{16}\Z")]


@dataclass(frozen=True, slots=True)
class Join(Command):
    """Open ``session`` in ``room`` for the user of this name.

    Exactly one of ``backlog`` (how many chats to replay) and ``after`` (the seq to
    resume from, with the hash its reader saw) says where the replay begins.
    """

    room: str
    session: str
    username: str
    backlog: int | None = None
    after: int | None = None
    after_hash: str | None = None
    at: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return (self.username,)

    @property
    def seen(self) -> int | None:
        return None if self.after_hash is None else self.after

    def decide(self, room: Room, known: Known) -> Event | Refused:
        if self.session in room.sessions:
            return Refused("already_joined", "You are already in this room.")
        if self.after is None:
            replay_from = room.replay_from(self.backlog or 0)
        else:
            refusal = _check_resume(room, self.after, self.after_hash, known)
            if refusal is not None:
                return refusal
            replay_from = self.after + 1
        user = known.user(self.username)
        sessions = room.sessions.count(user) + 1
        return Joined(user, self.session, known.node, sessions, replay_from)


class JoinRequest(Form, tag="join"):
    """Join a room and receive a replay."""

    room: str
    username: str
    backlog: Backlog | None = None
    after: Seq | None = None
    hash: HashText | None = None
    presence: Literal["full", "digest"] = "full"
    id: str | None = None

    def check(self, limits: Limits) -> None:
        if self.after is not None and self.backlog is not None:
            raise Refused("bad_command", "Give either `after` or `backlog`, not both.")
        if self.hash is not None and self.after is None:
            raise Refused(
                "bad_command", "`hash` needs `after`: it is the hash of the event at `after`."
            )
        check_room(self.room, limits)
        check_username(self.username, limits)

    def command(self, session: str) -> Join:
        """Return the command, which opens a session."""
        backlog = DEFAULT_BACKLOG if self.backlog is None else self.backlog
        return Join(
            self.room,
            session,
            self.username,
            backlog=backlog if self.after is None else None,
            after=self.after,
            after_hash=self.hash,
        )


def _check_resume(room: Room, after: int, seen: str | None, known: Known) -> Refused | None:
    if after > room.head:
        return Refused("after_unknown", "The room has no event at `after`. Join without it.")
    if seen is None:
        return None
    there = known.hash_at(room, after)
    if there is None or there[:8].hex() != seen:
        return Refused("diverged", "This is not the log that you saw. Join without `after`.")
    return None


class JoinProofLine(ProofLine, omit_defaults=True):
    """The start of the replay, which other clients do not see."""

    replay_from: Number | None = None


@dataclass(frozen=True, slots=True)
class Joined(Event):
    """A session began. ``sessions`` counts the user's open ones after it."""

    type: ClassVar = "join"
    frames: ClassVar = (JoinFrame, SessionFrame)
    columns: ClassVar = ("session", "sessions")
    proof_line: ClassVar = JoinProofLine

    user: User
    session: str
    node: str
    sessions: int
    replay_from: int

    def facts(self) -> Facts:
        return Facts(self.session, sessions=self.sessions, replay_from=self.replay_from)

    @classmethod
    def of_facts(cls, user: User, node: str, facts: Facts, text: str | None) -> Joined:
        session = required(facts.session, "session")
        sessions = required(facts.sessions, "sessions")
        return cls(user, session, node, sessions, required(facts.replay_from, "replay_from"))

    def frame(self, recorded: Recorded) -> JoinFrame | SessionFrame:
        name, erased = shown_name(self.user.name), self.user.name is None
        if self.sessions > 1:
            return SessionFrame("join", *recorded.place, name, self.sessions, erased=erased)
        said = "" if erased else f"{name} joined the room."
        return JoinFrame("join", *recorded.place, name, self.sessions, message=said, erased=erased)

    def hidden(self) -> Mapping[str, Any]:
        return {"replay_from": self.replay_from}

    @classmethod
    def of_line(cls, user: User, frame: JoinFrame | SessionFrame, proof: JoinProofLine) -> Joined:
        session = required(proof.session, "session")
        replay_from = required(proof.replay_from, "replay_from")
        return cls(user, session, proof.node, frame.sessions, replay_from)

    def cells(self) -> Mapping[str, object]:
        return {"session": self.session, "sessions": self.sessions}

    def said(self) -> str:
        return "joined" + count_of_sessions(self.sessions, usual=1)

    def fold(self, sessions: OpenSessions) -> None:
        sessions.open(self.session, self.user)

    def contradiction(self, seq: int, sessions: OpenSessions) -> str | None:
        if self.session in sessions:
            return "its session had already begun"
        if (why := unless_counted(sessions, self.user, self.sessions - 1)) is not None:
            return why
        is_there = 1 <= self.replay_from <= seq
        return None if is_there else "its replay begins at a seq that does not exist"
