"""Chat: a person wrote a message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import msgspec

from chatlog.domain.errors import Refused, RoomUnknown
from chatlog.domain.identity import Identity
from chatlog.domain.names import (
    Limits,
    check_message,
    check_room,
    check_stored_room,
    check_username,
)
from chatlog.domain.rights import authorize
from chatlog.domain.room import Room
from chatlog.domain.sessions import OpenSessions
from chatlog.domain.users import User
from chatlog.kinds.command import Command, Decision, FirstPost, Form, Known, Request
from chatlog.kinds.event import At, Event, Facts, Recorded, Via, canonical, shown_name
from chatlog.kinds.member import entering, entry
from chatlog.kinds.person import CommandOfUser, acting
from chatlog.kinds.proof import ProofLine, author, commitments, with_subject
from chatlog.kinds.session import unless_open


@dataclass(frozen=True, slots=True)
class Post(Command):
    """Post ``message``; ``id`` makes a repeat harmless."""

    room: str
    session: str
    message: str
    id: str | None = None
    at: str | None = None
    is_admin: bool = False
    via: str | None = None

    @property
    def client_id(self) -> str | None:
        return self.id

    @property
    def text(self) -> str | None:
        return self.message

    def by_admin(self) -> Post:
        return replace(self, is_admin=True)

    def must_look_up_id(self, room: Room | None) -> bool:
        user = None if room is None else room.sessions.user_of(self.session)
        if room is None or user is None or user.subject is None:
            return False
        if user.subject.is_renamed:
            return True
        # What is refused meets no index of ids, and a repeat is answered whoever may chat now.
        rights, subject = room.rights, user.subject.id
        return not rights.surely_chats(subject, room.at, is_admin=self.is_admin)

    def decide(self, room: Room, known: Known) -> Event | FirstPost | Refused:
        user = room.sessions.user_of(self.session)
        if user is None:
            return Refused("not_joined", "Join the room before you chat in it.")
        if self.id is not None:
            first = known.first_post(room, user, self.id)
            if first is not None:
                return first.repeated(Posted.type, self.message)
        if user.subject is not None:
            at = known.time(room)
            room.rights.check_chat(user.subject.id, at, is_admin=self.is_admin)
        return Posted(user, self.session, known.node, self.message, self.id)


@dataclass(frozen=True, slots=True)
class PostAs(CommandOfUser):
    """Post ``message`` for somebody who need not be present: ``author``, or in open mode a name.

    A room that does not exist is made, as by a join, if the author ``may_create``. ``sender`` is
    whom the author speaks for, as a program says it.
    """

    room: str
    message: str
    username: str = ""
    author: Identity | None = None
    id: str | None = None
    may_create: bool = True
    at: str | None = None
    via: str | None = None
    sender: str | None = None

    @property
    def client_id(self) -> str | None:
        return self.id

    @property
    def text(self) -> str | None:
        return self.message

    def must_look_up_id(self, room: Room | None) -> bool:
        return self.author is not None

    def decide(self, room: Room, known: Known) -> Decision:
        if self.author is not None:
            return self._enter(room, known, self.author)
        user = known.user(self.username)
        return self._repeated(room, known, user) or self._posted(user, known)

    def _enter(self, room: Room, known: Known, author: Identity) -> Decision:
        """Post for a person, who may get the role that their token grants first."""
        if room.head == 0 and not self.may_create:
            return RoomUnknown()
        if known.subject(author) is not None:
            first = self._repeated(room, known, acting(room, known, author))
            if first is not None:  # whoever may chat now
                return first
        who, role = entering(room, known, author)
        authorize(room.rights.rules, who, "chat")
        user = acting(room, known, author)
        posted = self._posted(user, known)
        return posted if role is None else iter((entry(room, known, author, user, role), posted))

    def _repeated(self, room: Room, known: Known, user: User) -> FirstPost | Refused | None:
        first = None if self.id is None else known.first_post(room, user, self.id)
        return None if first is None else first.repeated(Posted.type, self.message)

    def _posted(self, user: User, known: Known) -> Posted:
        return Posted(user, None, known.node, self.message, self.id, self.sender)


class Chat(Request, tag="chat", kw_only=True):
    """Say something."""

    message: str

    def check(self, limits: Limits) -> None:
        check_message(self.message, limits)

    def command(self, room: str, session: str) -> Post:
        return Post(room, session, self.message, self.id)


class Posting(Form, tag="post", kw_only=True):
    """A chat of somebody who need not be present; in open mode it says their ``username``."""

    room: str
    message: str
    username: str = ""
    id: str | None = None

    def check(self, limits: Limits) -> None:
        check_message(self.message, limits)
        check_room(self.room, limits)
        check_username(self.username, limits)

    def command(self, via: str) -> PostAs:
        """Return the command."""
        return PostAs(self.room, self.message, self.username, id=self.id, via=via)


class PostingAsPerson(Posting, tag="post"):
    """A chat of whom the token says; ``username`` may only repeat the token's name."""

    def check(self, limits: Limits) -> None:
        check_message(self.message, limits)
        check_stored_room(self.room, limits)

    def command_of(self, author: Identity, via: str) -> PostAs:
        """Return the command of a person."""
        return PostAs(self.room, self.message, author=author, id=self.id, via=via)


class ChatFrame(msgspec.Struct, tag_field="type", tag="chat", omit_defaults=True, kw_only=True):
    """A message of a person; ``id`` is its author's."""

    room: str
    seq: int
    hash: str
    at: At
    id: str | msgspec.UnsetType = msgspec.UNSET
    via: Via | msgspec.UnsetType = msgspec.UNSET
    username: str
    message: str
    erased: bool = False


@dataclass(frozen=True, slots=True)
class Posted(Event):
    """A person wrote a message; ``message`` is None once it has been erased.

    ``session`` is None if they need not have been present. The name that clients get is followed
    by the ``sender``, if there is one: ``ci (deploy)``.
    """

    type: ClassVar = "chat"
    is_message: ClassVar = True
    contents: ClassVar = ("sender",)
    request: ClassVar = Chat
    frames: ClassVar = (ChatFrame,)
    columns: ClassVar = ("message", "session", "id")

    user: User
    session: str | None
    node: str
    message: str | None
    id: str | None = None
    sender: str | None = None

    @property
    def text(self) -> str | None:
        return self.message

    @property
    def client_id(self) -> str | None:
        return self.id

    @property
    def shown_as(self) -> str:
        name = self.user.name
        return (
            shown_name(name) if name is None or self.sender is None else f"{name} ({self.sender})"
        )

    def further_contents(self) -> dict[str, str]:
        return {} if self.sender is None else {"sender": self.sender}

    @property
    def people(self) -> Mapping[str, User]:
        return {} if self.session is not None else author(self.user)

    def facts(self) -> Facts:
        own = Facts(self.session, self.id)
        if self.session is not None or self.user.subject is None:
            return own
        return own._replace(details=canonical(commitments(self.people)))

    @classmethod
    def of_facts(
        cls, user: User, node: str, facts: Facts, text: str | None, about: User | None = None
    ) -> Posted:
        return cls(user, facts.session, node, text, facts.client_id)

    def frame(self, recorded: Recorded) -> ChatFrame:
        user, message = self.user, self.message
        return ChatFrame(
            room=recorded.room,
            seq=recorded.seq,
            hash=recorded.hash_text,
            at=recorded.at,
            id=msgspec.UNSET if self.id is None else self.id,
            via=msgspec.UNSET if recorded.via is None else recorded.via,
            username=self.shown_as,
            message=message or "",
            erased=message is None or user.name is None,
        )

    @classmethod
    def of_line(
        cls, user: User, frame: ChatFrame, proof: ProofLine, people: Mapping[str, User]
    ) -> Posted:
        message = None if proof.text_salt is None else frame.message
        id = None if frame.id is msgspec.UNSET else frame.id
        user = _without_sender(user, proof)
        return cls(with_subject(user, people), proof.session, proof.node, message, id)

    def cells(self) -> Mapping[str, object]:
        return {"message": self.message, "session": self.session, "id": self.id}

    def said(self) -> str:
        return "(erased)" if self.message is None else self.message

    def apply(self, room: Room) -> None:
        room.add_chat()

    def contradiction(self, seq: int, at: str, sessions: OpenSessions) -> str | None:
        return None if self.session is None else unless_open(sessions, self.session, self.user)


def _without_sender(user: User, proof: ProofLine) -> User:
    """Return the user of a line, whose name was shown with the sender."""
    line = (proof.contents or {}).get("sender")
    if line is None or line.content is None or user.name is None:
        return user
    return replace(user, name=user.name.removesuffix(f" ({line.content})"))
