"""Join: a session began."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Final, Literal

import msgspec

from chatlog.domain.errors import Refused, RoomUnknown
from chatlog.domain.identity import Identity
from chatlog.domain.names import Limits, check_room, check_stored_room, check_username
from chatlog.domain.rights import Asker, authorize, beginning
from chatlog.domain.room import Room
from chatlog.domain.sessions import OpenSessions
from chatlog.domain.users import User
from chatlog.kinds.command import Decision, Form, Known, check_resume
from chatlog.kinds.event import (
    MAX_SEQ,
    Event,
    Facts,
    Number,
    Recorded,
    canonical,
    required,
    shown_name,
)
from chatlog.kinds.member import entering, entry
from chatlog.kinds.person import CommandOfUser, acting
from chatlog.kinds.proof import ProofLine, author, commitments, with_subject
from chatlog.kinds.session import JoinFrame, SessionFrame, count_of_sessions, unless_counted

MAX_BACKLOG: Final = 500
DEFAULT_BACKLOG: Final = 50

Backlog = Annotated[int, msgspec.Meta(ge=0, le=MAX_BACKLOG)]
Seq = Annotated[int, msgspec.Meta(ge=0, le=MAX_SEQ)]
HashText = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{16}\Z")]


@dataclass(frozen=True, slots=True)
class Join(CommandOfUser):
    """Open ``session`` in ``room`` for the user of this name.

    Exactly one of ``backlog`` (how many chats to replay) and ``after`` (the seq to
    resume from, with the hash its reader saw) says where the replay begins.
    """

    is_urgent: ClassVar[bool] = True

    room: str
    session: str
    username: str
    backlog: int | None = None
    after: int | None = None
    after_hash: str | None = None
    at: str | None = None
    author: Identity | None = None
    may_create: bool = True
    via: str | None = None

    @property
    def seen(self) -> int | None:
        return None if self.after_hash is None else self.after

    def decide(self, room: Room, known: Known) -> Decision:
        if self.session in room.sessions:
            return Refused("already_joined", "You are already in this room.")
        if room.head == 0 and not self.may_create:
            return RoomUnknown()
        if self.author is not None:
            return self._enter(room, known, self.author)
        replay_from = self._replay_from(room, known, 1)
        return self._joined(room, known, known.user(self.username), replay_from, 1)

    def _enter(self, room: Room, known: Known, author: Identity) -> Decision:
        """Let in a person who has the right to join."""
        who, role = entering(room, known, author)
        authorize(room.rights.rules, who, "join")
        user = acting(room, known, author)
        begins = self._begins(room, known, user, who, role is not None)
        if role is not None:
            first = entry(room, known, author, user, role)
            return self._after(first, room, known, user, begins)
        return self._joined(room, known, user, self._replay_from(room, known, begins), begins)

    def _begins(self, room: Room, known: Known, user: User, who: Asker, is_appointed: bool) -> int:
        """Return the seq at which the room begins for the joiner."""
        if room.rights.rules.history == "all":
            return 1
        point = beginning(room.rights.rules, who, known.first_join(room, user))
        if isinstance(point, str):
            return known.first_since(room, point)
        return room.head + 1 + is_appointed if point is None else point

    def _after(
        self, first: Event, room: Room, known: Known, user: User, begins: int
    ) -> Iterator[Event]:
        replay_from = self._replay_from(room, known, begins)
        yield first
        if self.after is None:
            replay_from = self._replay_from(room, known, begins)
        yield self._joined(room, known, user, replay_from, begins)

    def _replay_from(self, room: Room, known: Known, begins: int) -> int:
        """Return the seq at which the replay begins.

        Raises:
            Refused: the log is not the one that the joiner saw.
        """
        if self.after is None:
            return max(begins, room.replay_from(self.backlog or 0))
        if self.after + 1 < begins:
            return begins
        check_resume(room, self.after, self.after_hash, known)
        return self.after + 1

    def _joined(
        self, room: Room, known: Known, user: User, replay_from: int, begins: int
    ) -> Joined:
        sessions = room.sessions.count(user) + 1
        return Joined(user, self.session, known.node, sessions, replay_from, begins)


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
        self._check_names(limits)

    def _check_names(self, limits: Limits) -> None:
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


class JoinAsPerson(JoinRequest, tag="join"):
    """Join a room as whom the token says; ``username`` may only repeat the token's name."""

    username: str = ""

    def _check_names(self, limits: Limits) -> None:
        check_stored_room(self.room, limits)

    def command_of(self, session: str, author: Identity, *, may_create: bool) -> Join:
        """Return the command of a person."""
        return replace(self.command(session), author=author, may_create=may_create)


class JoinProofLine(ProofLine, omit_defaults=True):
    """The start of the replay, which other clients do not see."""

    replay_from: Number | None = None


class _Details(msgspec.Struct):
    begins: Annotated[int, msgspec.Meta(ge=2, le=MAX_SEQ)] | None = None


_details: Final = msgspec.json.Decoder(_Details).decode


@dataclass(frozen=True, slots=True)
class Joined(Event):
    """A session began. ``sessions`` counts the user's open ones after it.

    ``begins`` is the seq at which the room began for the user: nothing before it was shown.
    """

    type: ClassVar = "join"
    frames: ClassVar = (JoinFrame, SessionFrame)
    columns: ClassVar = ("session", "sessions")
    proof_line: ClassVar = JoinProofLine

    user: User
    session: str
    node: str
    sessions: int
    replay_from: int
    begins: int = 1

    @property
    def people(self) -> Mapping[str, User]:
        return author(self.user)

    def facts(self) -> Facts:
        own = Facts(self.session, sessions=self.sessions, replay_from=self.replay_from)
        if self.user.subject is None:
            return own
        details: dict[str, Any] = dict(commitments(self.people))
        if self.begins > 1:
            details["begins"] = self.begins
        return own._replace(details=canonical(details))

    @classmethod
    def of_facts(
        cls, user: User, node: str, facts: Facts, text: str | None, about: User | None = None
    ) -> Joined:
        session = required(facts.session, "session")
        sessions = required(facts.sessions, "sessions")
        replay_from = required(facts.replay_from, "replay_from")
        return cls(user, session, node, sessions, replay_from, _begins(facts.details))

    def frame(self, recorded: Recorded) -> JoinFrame | SessionFrame:
        name, erased = shown_name(self.user.name), self.user.name is None
        fields = {
            **recorded.place,
            "event": "join",
            "username": name,
            "sessions": self.sessions,
            "erased": erased,
        }
        if self.sessions > 1:
            return SessionFrame(**fields)
        return JoinFrame(**fields, message="" if erased else f"{name} joined the room.")

    def hidden(self) -> Mapping[str, Any]:
        return {"replay_from": self.replay_from}

    @classmethod
    def of_line(
        cls,
        user: User,
        frame: JoinFrame | SessionFrame,
        proof: JoinProofLine,
        people: Mapping[str, User],
    ) -> Joined:
        session = required(proof.session, "session")
        replay_from = required(proof.replay_from, "replay_from")
        user, begins = with_subject(user, people), _begins(proof.details)
        return cls(user, session, proof.node, frame.sessions, replay_from, begins)

    def cells(self) -> Mapping[str, object]:
        return {"session": self.session, "sessions": self.sessions}

    def said(self) -> str:
        return "joined" + count_of_sessions(self.sessions, usual=1)

    def fold(self, sessions: OpenSessions) -> None:
        sessions.open(self.session, self.user)

    def contradiction(self, seq: int, at: str, sessions: OpenSessions) -> str | None:
        if self.session in sessions:
            return "its session had already begun"
        if (why := unless_counted(sessions, self.user, self.sessions - 1)) is not None:
            return why
        if not 1 <= self.replay_from <= seq:
            return "its replay begins at a seq that does not exist"
        is_seen = self.begins <= self.replay_from or self.begins == 1
        return None if is_seen else "its replay begins before the room does for its user"


def _begins(details: str | None) -> int:
    return 1 if details is None else _details(details).begins or 1
