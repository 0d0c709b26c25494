"""Chat: a person wrote a message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import msgspec

from chatlog.domain.errors import Refused
from chatlog.domain.names import Limits, check_message
from chatlog.domain.room import Room
from chatlog.domain.sessions import OpenSessions
from chatlog.domain.users import User
from chatlog.kinds.command import Command, FirstPost, Known, Request
from chatlog.kinds.event import At, Event, Facts, Recorded, required, shown_name
from chatlog.kinds.proof import ProofLine
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


class Chat(Request, tag="chat", kw_only=True):
    """Say something."""

    message: str

    def check(self, limits: Limits) -> None:
        check_message(self.message, limits)

    def command(self, room: str, session: str) -> Post:
        return Post(room, session, self.message, self.id)


class ChatFrame(msgspec.Struct, tag_field="type", tag="chat", omit_defaults=True, kw_only=True):
    """A message of a person; ``id`` is its author's."""

    room: str
    seq: int
    hash: str
    at: At
    id: str | msgspec.UnsetType = msgspec.UNSET
    username: str
    message: str
    erased: bool = False


@dataclass(frozen=True, slots=True)
class Posted(Event):
    """A person wrote a message; ``message`` is None once it has been erased."""

    type: ClassVar = "chat"
    is_message: ClassVar = True
    request: ClassVar = Chat
    frames: ClassVar = (ChatFrame,)
    columns: ClassVar = ("message", "session", "id")

    user: User
    session: str
    node: str
    message: str | None
    id: str | None = None

    @property
    def text(self) -> str | None:
        return self.message

    @property
    def client_id(self) -> str | None:
        return self.id

    def facts(self) -> Facts:
        return Facts(self.session, self.id)

    @classmethod
    def of_facts(
        cls, user: User, node: str, facts: Facts, text: str | None, about: User | None = None
    ) -> Posted:
        session = required(facts.session, "session")
        return cls(user, session, node, text, facts.client_id)

    def frame(self, recorded: Recorded) -> ChatFrame:
        user, message = self.user, self.message
        return ChatFrame(
            room=recorded.room,
            seq=recorded.seq,
            hash=recorded.hash_text,
            at=recorded.at,
            id=msgspec.UNSET if self.id is None else self.id,
            username=shown_name(user.name),
            message=message or "",
            erased=message is None or user.name is None,
        )

    @classmethod
    def of_line(
        cls, user: User, frame: ChatFrame, proof: ProofLine, people: Mapping[str, User]
    ) -> Posted:
        message = None if proof.text_salt is None else frame.message
        id = None if frame.id is msgspec.UNSET else frame.id
        return cls(user, required(proof.session, "session"), proof.node, message, id)

    def cells(self) -> Mapping[str, object]:
        return {"message": self.message, "session": self.session, "id": self.id}

    def said(self) -> str:
        return "(erased)" if self.message is None else self.message

    def apply(self, room: Room) -> None:
        room.add_chat()

    def contradiction(self, seq: int, at: str, sessions: OpenSessions) -> str | None:
        return unless_open(sessions, self.session, self.user)
