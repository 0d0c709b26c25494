"""Creation: the command that begins a room, with its first state and its first members."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from chatlog.domain.errors import Refused
from chatlog.domain.identity import Identity, check_subject
from chatlog.domain.names import Limits, check_remark, check_room
from chatlog.domain.rights import Access, Role, Visibility
from chatlog.domain.room import Room
from chatlog.domain.users import User
from chatlog.kinds.command import Decision, Known, Order, Target
from chatlog.kinds.event import Event
from chatlog.kinds.member import Appointed
from chatlog.kinds.person import PersonsCommand
from chatlog.kinds.room import Changed


@dataclass(frozen=True, slots=True)
class Create(PersonsCommand):
    """Create a room with these members; its author becomes its owner.

    ``id`` makes a repeat harmless: the same subject's first room of this id is the answer.
    """

    room: str
    author: Identity
    access: Access = "open"
    history: Visibility = "all"
    topic: str = ""
    members: tuple[tuple[str, Role], ...] = ()
    id: str | None = None
    at: str | None = None
    via: str | None = None

    @property
    def targets(self) -> tuple[Target, ...]:
        return tuple(Target(subject) for subject, _ in self.members)

    @property
    def client_id(self) -> str | None:
        return self.id

    def must_look_up_id(self, room: Room | None) -> bool:
        return True

    @property
    def text(self) -> str | None:
        return self.topic

    def decide(self, room: Room, known: Known) -> Decision:
        author = known.person(self.author)
        if self.id is not None and (first := known.first_created(author, self.id)) is not None:
            return first
        if room.head:
            return Refused("room_exists", "There is already a room of this name.")
        return self._events(room, known, author)

    def _events(self, room: Room, known: Known, author: User) -> Iterator[Event]:
        yield Changed(
            author,
            known.node,
            self.access,
            self.history,
            locked=False,
            topic=self.topic or None,
            topic_seq=None,
            id=self.id,
        )
        yield Appointed(author, known.node, author, "owner")
        for subject, role in self.members:
            target = known.target(Target(subject))
            if target is not None and target.subject != author.subject:
                yield Appointed(author, known.node, target, role)


class CreateRoom(Order, tag="create"):
    """Create a room. The server names private ones, whoever carries out the order."""

    room: str | None = None
    access: Access = "open"
    history: Visibility = "all"
    topic: str = ""
    members: dict[str, Role] = msgspec.field(default_factory=dict)

    def check(self, limits: Limits) -> None:
        check_remark("topic", self.topic)
        for subject in self.members:
            check_subject(subject)
        if self.access == "private":
            if self.room is not None:
                raise Refused("bad_command", "`room`: the server names private rooms.")
        elif self.room is None:
            raise Refused("bad_command", "`room` must name the new room.")
        else:
            check_room(self.room, limits)

    def command(self, author: Identity) -> Create:
        return Create(
            self.room or "",
            author,
            self.access,
            self.history,
            self.topic,
            tuple(self.members.items()),
            self.id,
        )
