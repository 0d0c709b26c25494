"""Member: somebody got a role in a room, or lost it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final

import msgspec

from chatlog.domain.errors import Refused, RoomUnknown
from chatlog.domain.identity import Identity
from chatlog.domain.names import Limits
from chatlog.domain.rights import (
    Appointment,
    Asker,
    Rights,
    Role,
    authorize,
    changes_nothing,
    check_appointment,
    is_at_least,
    role_in,
)
from chatlog.domain.room import Room
from chatlog.domain.sessions import OpenSessions
from chatlog.domain.times import PATTERN as TIME
from chatlog.domain.times import moment
from chatlog.domain.users import User
from chatlog.kinds.command import Decision, Known, Target
from chatlog.kinds.event import (
    ERASED_NAME,
    Event,
    Facts,
    Recorded,
    Via,
    canonical,
    required,
    shown_name,
)
from chatlog.kinds.leave import removals
from chatlog.kinds.person import (
    TOKEN,
    CommandAboutPerson,
    OrderAboutPerson,
    PersonsCommand,
    acting,
    asker,
    claimed,
    unchanged,
)
from chatlog.kinds.proof import ProofLine, author, commitments, with_subject


@dataclass(frozen=True, slots=True)
class Appoint(CommandAboutPerson):
    """Give ``target`` a role, until a time or for good; its author asks for it."""

    room: str
    author: Identity
    target: Target
    role: Role
    until: str | None = None
    reason: str | None = None
    at: str | None = None
    via: str | None = None

    def decide(self, room: Room, known: Known) -> Decision:
        if room.head == 0:
            return RoomUnknown()
        who = asker(room, known, self.author)
        actor, at = role_in(room.rights.rules, who), who.at
        if not is_at_least(actor, "reader"):
            authorize(room.rights.rules, who, "read")
        author, target = acting(room, known, self.author), known.target(self.target)
        if target is None:
            return Refused("bad_command", "There is no such person.")
        subject = required(target.subject, "subject").id
        given = room.rights.of(subject)
        is_self = author.subject is not None and author.subject.id == subject
        check_appointment(room.rights.rules, actor, given, self.role, at, is_self=is_self)
        if self.until is not None and self.until <= at:
            return Refused("bad_command", "`until` must be a time in the future.")
        if changes_nothing(given, self.role, self.until, at):
            return unchanged(room)
        if self.role != "owner" and room.rights.is_last_owner(subject, at):
            return Refused("forbidden", "A room's last owner stays one.")
        event = Appointed(author, known.node, target, self.role, self.until, self.reason)
        return appointment(room, known, event)


class AppointMember(OrderAboutPerson, tag="member", kw_only=True):
    """Give somebody a role in a room, until a time or for good."""

    role: Role
    until: str | None = None

    def check(self, limits: Limits) -> None:
        super().check(limits)
        if self.until is not None:
            _until(self.until)
            if self.role == "owner":
                raise Refused("bad_command", "`until`: an owner's role has no end.")

    def command(self, author: Identity) -> Appoint:
        until = None if self.until is None else _until(self.until)
        return Appoint(self.room, author, self.target, self.role, until, self.reason or None)


def _until(given: str) -> str:
    if (at := moment(given)) is None:
        raise Refused("bad_command", "`until` must be a time such as 2026-11-22T17:00:00Z.")
    return at


@dataclass(frozen=True, slots=True)
class Grant(PersonsCommand):
    """Give the role that the author's token grants in this room, unless the log has another."""

    room: str
    author: Identity
    at: str | None = None
    via: str | None = None

    def decide(self, room: Room, known: Known) -> Decision:
        if room.head == 0:
            return RoomUnknown()
        role = claimed(room, known, self.author)
        if role is None:
            return unchanged(room)
        given = Appointed(known.operator(TOKEN), known.node, self._member(room, known), role)
        return appointment(room, known, given)

    @property
    def targets(self) -> tuple[Target, ...]:
        return (Target(self.author.subject),)

    def _member(self, room: Room, known: Known) -> User:
        """Return the person; called by their subject if their name is another's."""
        try:
            return acting(room, known, self.author)
        except Refused:
            member = known.target(Target(self.author.subject))
            assert member is not None
            return member


def entering(room: Room, known: Known, author: Identity) -> tuple[Asker, Role | None]:
    """Return somebody who is about to use a room, and the role that they get by that.

    This is what their token grants; whoever makes a room becomes its owner. None is no new role.
    """
    who, role = asker(room, known, author), claimed(room, known, author)
    role = "owner" if room.head == 0 and role is None else role
    if role is None:
        return who, None
    given = Appointment(room.head + 1, who.at, role)
    return who._replace(appointments=(*who.appointments, given)), role


def entry(room: Room, known: Known, author: Identity, user: User, role: Role) -> Appointed:
    """Return the event that gives a person the role of ``entering``."""
    by = known.operator(TOKEN) if room.name in author.rooms else user
    return Appointed(by, known.node, user, role)


def appointment(room: Room, known: Known, event: Appointed) -> Iterator[Event]:
    """Yield a role and, if it no longer lets its member stay, the leaves of their sessions."""
    yield event
    target = event.member
    assert target.subject is not None
    role = role_in(room.rights.rules, Asker(room.rights.of(target.subject.id), room.at))
    if not is_at_least(role, "reader"):
        yield from removals(room, known, target, event.user, event.reason)


class MemberFrame(msgspec.Struct, tag_field="type", tag="member", omit_defaults=True, kw_only=True):
    """Somebody got a role: ``member`` is about whom it is, ``username`` who gave it."""

    room: str
    seq: int
    hash: str
    at: str
    via: Via | msgspec.UnsetType = msgspec.UNSET
    member: str
    subject: str
    role: str
    until: str | None = None
    username: str = ""
    reason: str | None = None
    erased: bool = False


class _Details(msgspec.Struct):
    role: Role
    until: Annotated[str, msgspec.Meta(pattern=TIME)] | None = None


_details: Final = msgspec.json.Decoder(_Details).decode


@dataclass(frozen=True, slots=True)
class Appointed(Event):
    """``user`` gave ``member`` a role, until a time or for good; ``reason`` can be erased."""

    type: ClassVar = "member"
    is_redactable: ClassVar = True
    is_about_rights: ClassVar = True
    frames: ClassVar = (MemberFrame,)
    columns: ClassVar = ("member", "role", "until", "reason")

    user: User
    node: str
    member: User
    role: Role
    until: str | None = None
    reason: str | None = None

    @property
    def text(self) -> str | None:
        return self.reason

    @property
    def about(self) -> User:
        return self.member

    @property
    def people(self) -> Mapping[str, User]:
        return {"member": self.member} | author(self.user)

    @property
    def times(self) -> tuple[str, ...]:
        return () if self.until is None else (self.until,)

    def facts(self) -> Facts:
        details: dict[str, Any] = {"role": self.role, **commitments(self.people)}
        if self.until is not None:
            details["until"] = self.until
        return Facts(of=self.member.id, details=canonical(details))

    @classmethod
    def of_facts(
        cls, user: User, node: str, facts: Facts, text: str | None, about: User | None = None
    ) -> Appointed:
        details = _details(required(facts.details, "details"))
        member = required(about, "member in the log")
        return cls(user, node, member, details.role, details.until, text)

    def frame(self, recorded: Recorded) -> MemberFrame:
        subject = None if self.member.subject is None else self.member.subject.subject
        return MemberFrame(
            **recorded.place,
            member=shown_name(self.member.name),
            subject=subject or ERASED_NAME,
            role=self.role,
            until=self.until,
            username=shown_name(self.user.name),
            reason=self.reason,
            erased=self.member.name is None or self.user.name is None,
        )

    @classmethod
    def of_line(
        cls, user: User, frame: MemberFrame, proof: ProofLine, people: Mapping[str, User]
    ) -> Appointed:
        details = _details(required(proof.details, "details"))
        member = required(people.get("member"), "member")
        reason = None if proof.text_salt is None else frame.reason
        user = with_subject(user, people)
        return cls(user, proof.node, member, details.role, details.until, reason)

    def cells(self) -> Mapping[str, object]:
        return {
            "member": shown_name(self.member.name),
            "role": self.role,
            "until": self.until,
            "reason": self.reason,
        }

    def said(self) -> str:
        until = f" until {self.until}" if self.until else ""
        reason = f": {self.reason}" if self.reason else ""
        return f"made {shown_name(self.member.name)} {self.role}{until}{reason}"

    def govern(self, rights: Rights, seq: int, at: str) -> None:
        if self.member.subject is None:
            return
        by_token = self.user.name == TOKEN
        given = Appointment(seq, at, self.role, self.until, by_token)
        rights.appoint(self.member.subject.id, given)

    def contradiction(self, seq: int, at: str, sessions: OpenSessions) -> str | None:
        if self.member.subject is None:
            return "its member is nobody who has proved who they are"
        if self.until is None:
            return None
        if self.role == "owner":
            return "an owner's role has no end"
        return None if self.until > at else "its role ended before it began"
