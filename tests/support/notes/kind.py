"""Note: somebody in the room remarks upon events of it, in a colour.

Three of its contents can be erased: the message, a subtitle and an aside, which clients do not see.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import msgspec

from chatlog.domain.errors import Refused
from chatlog.domain.names import Limits, check_message
from chatlog.domain.room import Room
from chatlog.domain.sessions import OpenSessions
from chatlog.domain.users import User
from chatlog.kinds.command import Command, FirstPost, Known, Request
from chatlog.kinds.event import (
    At,
    Event,
    Facts,
    Recorded,
    Via,
    canonical,
    required,
    seqs_in,
    seqs_text,
    shown_name,
)
from chatlog.kinds.proof import ProofLine
from chatlog.kinds.session import unless_open

Seqs = Annotated[tuple[int, ...], msgspec.Meta(min_length=1)]


class Note(Request, tag="note", kw_only=True):
    """Remark upon events."""

    message: str
    of: Seqs
    colour: Literal["green", "red"] = "green"
    subtitle: str | None = None
    aside: str | None = None

    def check(self, limits: Limits) -> None:
        for text in (self.message, self.subtitle, self.aside):
            if text is not None:
                check_message(text, limits)

    def command(self, room: str, session: str) -> WriteNote:
        more = (self.subtitle, self.aside)
        return WriteNote(room, session, self.message, self.of, self.colour, *more, self.id)


@dataclass(frozen=True, slots=True)
class WriteNote(Command):
    """Write a note of the events ``of``."""

    room: str
    session: str
    message: str
    of: tuple[int, ...]
    colour: str
    subtitle: str | None = None
    aside: str | None = None
    id: str | None = None
    at: str | None = None

    @property
    def client_id(self) -> str | None:
        return self.id

    @property
    def text(self) -> str | None:
        return self.message

    def decide(self, room: Room, known: Known) -> Event | FirstPost | Refused:
        user = room.sessions.user_of(self.session)
        if user is None:
            return Refused("not_joined", "Join the room before you write notes in it.")
        if self.id is not None and (first := known.first_post(room, user, self.id)) is not None:
            return first.repeated(Noted.type, self.message)
        if not all(1 <= seq <= room.head for seq in self.of):
            return Refused("bad_command", "`of` has the seqs of events of the room.")
        note = (self.message, self.of, self.colour, self.id, self.subtitle, self.aside)
        return Noted(user, self.session, known.node, *note)


class NoteFrame(msgspec.Struct, tag_field="type", tag="note", omit_defaults=True, kw_only=True):
    """A remark upon the events ``of``."""

    room: str
    seq: int
    hash: str
    at: At
    id: str | msgspec.UnsetType = msgspec.UNSET
    via: Via | msgspec.UnsetType = msgspec.UNSET
    of: Seqs
    username: str
    message: str
    subtitle: str | None = None
    colour: str
    erased: bool = False


@dataclass(frozen=True, slots=True)
class Noted(Event):
    """Somebody wrote a note; its contents are None once they have been erased."""

    type: ClassVar = "note"
    is_message: ClassVar = True
    request: ClassVar = Note
    frames: ClassVar = (NoteFrame,)
    columns: ClassVar = ("message", "session", "id", "of", "colour", "subtitle", "aside")
    contents: ClassVar = ("subtitle", "aside")

    user: User
    session: str
    node: str
    message: str | None
    of: tuple[int, ...]
    colour: str
    id: str | None = None
    subtitle: str | None = None
    aside: str | None = None

    @property
    def text(self) -> str | None:
        return self.message

    @property
    def client_id(self) -> str | None:
        return self.id

    def facts(self) -> Facts:
        details = canonical({"colour": self.colour})
        return Facts(self.session, self.id, of=seqs_text(self.of), details=details)

    @classmethod
    def of_facts(
        cls, user: User, node: str, facts: Facts, text: str | None, about: User | None = None
    ) -> Noted:
        session = required(facts.session, "session")
        of = seqs_in(required(facts.of, "of"))
        colour = json.loads(required(facts.details, "details"))["colour"]
        return cls(user, session, node, text, of, colour, facts.client_id)

    def frame(self, recorded: Recorded) -> NoteFrame:
        return NoteFrame(
            room=recorded.room,
            seq=recorded.seq,
            hash=recorded.hash_text,
            at=recorded.at,
            id=msgspec.UNSET if self.id is None else self.id,
            via=msgspec.UNSET if recorded.via is None else recorded.via,
            of=self.of,
            username=shown_name(self.user.name),
            message=self.message or "",
            subtitle=self.subtitle,
            colour=self.colour,
            erased=self.message is None or self.user.name is None,
        )

    @classmethod
    def of_line(
        cls, user: User, frame: NoteFrame, proof: ProofLine, people: Mapping[str, User]
    ) -> Noted:
        message = None if proof.text_salt is None else frame.message
        id = None if frame.id is msgspec.UNSET else frame.id
        session = required(proof.session, "session")
        return cls(user, session, proof.node, message, frame.of, frame.colour, id)

    def cells(self) -> Mapping[str, object]:
        of = " ".join(map(str, self.of))
        return {"message": self.message, "session": self.session, "id": self.id, "of": of} | {
            name: getattr(self, name) for name in ("colour", *self.contents)
        }

    def said(self) -> str:
        return f"noted ({self.colour}): {self.message or '(erased)'}"

    def contradiction(self, seq: int, at: str, sessions: OpenSessions) -> str | None:
        return unless_open(sessions, self.session, self.user)
