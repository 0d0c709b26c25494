"""The people behind commands: subjects, and the users they are under their names.

A subject's user changes with its name. What a command needs of it is read under the lock, and is
written only with the first event of it: whoever is refused leaves no trace and takes no name.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.schema import subjects, users
from chatlog.databases.skeleton_keys import bring_up
from chatlog.domain.errors import Refused
from chatlog.domain.identity import Identity
from chatlog.domain.names import as_username, name_key
from chatlog.domain.skeletons import skeleton_key
from chatlog.domain.users import Subject, User
from chatlog.eventlog import chain, lookup
from chatlog.eventlog.rows import USER, user_in
from chatlog.kinds.command import Command, Target
from chatlog.kinds.event import Event

_named: Final = users.alias("named")
_COLUMNS: Final = (*USER, users.c.name_key)
_PERSONS: Final[sa.Select[Any]] = sa.select(*_COLUMNS).select_from(
    subjects.outerjoin(users, users.c.id == subjects.c.user_id)
)
_KEYS: Final[sa.BindParameter[list[bytes]]] = sa.bindparam("keys", expanding=True)
BY_SUBJECT: Final = _PERSONS.where(subjects.c.subject_key.in_(_KEYS))
"""Reads people by the ``keys`` of their subjects, each with the present user."""

_BY_NAME: Final[sa.Select[Any]] = (
    sa.select(*_COLUMNS, _named.c.username.label("wanted"))
    .select_from(
        subjects.join(_named, _named.c.subject_id == subjects.c.id).outerjoin(
            users, users.c.id == subjects.c.user_id
        )
    )
    .where(_named.c.name_key.in_(_KEYS))
)
SET_USER: Final = (
    subjects.update()
    .where(subjects.c.id == sa.bindparam("number"))
    .values(user_id=sa.bindparam("now"), is_renamed=True)
)
"""Makes the user ``now`` the present one of the subject of a ``number``, who is renamed."""


@dataclass(frozen=True, slots=True)
class Person:
    """A subject and its present user. One whose name nobody knows yet is called by its subject."""

    subject: Subject
    user: User
    is_named: bool


class Persons:
    """What one batch knows of people, and the rows that it adds."""

    def __init__(self, known: dict[str, Person], salts: chain.Salts) -> None:
        """``known`` is the writer's cache of people by subject."""
        self._known = known
        self._salts = salts
        self._secret = b""
        self._by_name: dict[str, str] = {}
        self._looks: dict[bytes, list[User]] = {}
        self._drafts: dict[str, tuple[Person, dict[str, Any]]] = {}
        self._new_subjects: list[dict[str, Any]] = []
        self._renamed: dict[int, int] = {}
        self._next_subject = 0
        self.new_users: list[dict[str, Any]] = []

    async def know(self, connection: AsyncConnection, commands: Sequence[Command]) -> None:
        """Read the people whose commands these are, and those they are about."""
        identities = [c.identity for c in commands if c.identity is not None]
        targets = [target for command in commands for target in command.targets]
        if identities or targets:
            await self.know_all(connection, identities, targets)

    async def know_all(
        self,
        connection: AsyncConnection,
        identities: Sequence[Identity],
        targets: Sequence[Target],
    ) -> None:
        """Read these people."""
        self._secret, version = await bring_up(connection)
        self._next_subject = max(
            self._next_subject, await lookup.next_number(connection, subjects.c.id)
        )
        wanted = {one.subject for one in identities} | {t.subject for t in targets if t.subject}
        await self._load(connection, [one for one in wanted if one not in self._known])
        await self._load_named(connection, {t.username for t in targets if t.username})
        await self._load_looks(connection, version, map(self._name_of, identities))

    async def _load(self, connection: AsyncConnection, wanted: Iterable[str]) -> None:
        keys = [self._key(one) for one in wanted]
        if not keys:
            return
        for row in (await connection.execute(BY_SUBJECT, {"keys": keys})).all():
            self._known[row.subject] = _person(row)

    async def _load_named(self, connection: AsyncConnection, names: Iterable[str]) -> None:
        keys = [self._key(name) for name in names]
        if not keys:
            return
        for row in (await connection.execute(_BY_NAME, {"keys": keys})).all():
            person = self._known.setdefault(row.subject, _person(row))
            assert person.subject.subject is not None
            self._by_name[row.wanted] = person.subject.subject

    async def _load_looks(
        self, connection: AsyncConnection, version: int, names: Iterable[str]
    ) -> None:
        keys = {self._look(name) for name in names}
        if not keys:
            return
        self._looks = {key: [] for key in keys}
        for key, user in await lookup.users_that_look_like(connection, version, keys):
            self._looks[key].append(user)

    def subject(self, text: str) -> Subject | None:
        """Return the subject of this text, if it has events already."""
        known = self._known.get(text)
        return None if known is None else known.subject

    def _key(self, text: str) -> bytes:
        return name_key(self._secret, text)

    def _look(self, name: str) -> bytes:
        return skeleton_key(self._secret, name)

    def _name_of(self, identity: Identity) -> str:
        if identity.name is not None:
            return identity.name
        known = self._known.get(identity.subject)
        if known is not None and known.is_named and known.user.name is not None:
            return known.user.name
        return identity.subject

    def person(self, identity: Identity, next_user: Callable[[], int]) -> User:
        """Return a subject's user under the name that counts now.

        Raises:
            Refused: ``username_taken``; ``token_invalid`` if a subject without a name cannot be
                a username.
        """
        name, known = self._name_of(identity), self._known.get(identity.subject)
        if known is not None and known.is_named and known.user.name == name:
            return known.user
        if identity.name is None:
            as_username(name)
        draft = self._drafts.get(identity.subject)
        subject = known.subject if known else draft[0].subject if draft else None
        if (owner := self._owner(subject, name)) is not None:
            assert subject is not None
            subject = replace(subject, is_renamed=True)
            user = replace(owner, subject=subject)
            self._drafts[identity.subject] = (Person(subject, user, True), {})
            return user
        if draft is not None and draft[0].is_named and draft[0].user.name == name:
            return draft[0].user
        return self._draft(identity.subject, subject, name, next_user(), is_named=True)

    def _owner(self, subject: Subject | None, name: str) -> User | None:
        """Return the subject's user of this name, if it has had the name before.

        It then stays the subject's, even if by newer data it looks like somebody else's.

        Raises:
            Refused: if the name, or one that looks like it, is somebody else's.
        """
        is_anothers = False
        for owner in self._looks.get(self._look(name), ()):
            assert owner.subject is not None
            if subject is None or owner.subject.number != subject.number:
                is_anothers = True
            elif owner.name == name:
                return owner
        if is_anothers:
            raise Refused("username_taken", "This name, or one that looks like it, is taken.")
        return None

    def target(self, target: Target, next_user: Callable[[], int]) -> User | None:
        """Return the user whom a command is about; None if nobody ever had the username."""
        subject = target.subject
        if subject is None:
            subject = self._by_name.get(target.username or "")
            if subject is None:
                return None
        if (known := self._known.get(subject)) is not None:
            return known.user
        if (draft := self._drafts.get(subject)) is not None:
            return draft[0].user
        return self._draft(subject, None, subject, next_user(), is_named=False)

    def _draft(
        self, text: str, subject: Subject | None, name: str, number: int, *, is_named: bool
    ) -> User:
        """Prepare the rows of a user, and of the subject if it is new."""
        row: dict[str, Any] = {}
        if subject is None:
            salt = self._salts.next()
            digest = chain.commitment(salt, text)
            subject = Subject(os.urandom(16).hex(), text, self._next_subject, digest)
            self._next_subject += 1
            row["subject"] = {"salt": salt}
        else:
            subject = replace(subject, is_renamed=True)
        salt = self._salts.next()
        user = User(os.urandom(16).hex(), name, number, chain.commitment(salt, name), subject)
        row["user"] = {"salt": salt}
        self._drafts[text] = (Person(subject, user, is_named), row)
        return user

    def note(self, event: Event) -> None:
        """Keep the people of an event that is being recorded, from now on."""
        if not self._drafts:
            return
        for user in (event.user, event.about):
            if user is not None:
                self.note_user(user)

    def note_user(self, user: User) -> None:
        """Keep a user from now on."""
        if user.subject is not None and user.subject.subject:
            self._keep(user.subject.subject, user)

    def _keep(self, text: str, user: User) -> None:
        draft = self._drafts.get(text)
        if draft is None or draft[0].user.id != user.id:
            return
        del self._drafts[text]
        person, row = draft
        self._known[text] = person
        if person.is_named and user.name is not None:
            self._looks.setdefault(self._look(user.name), []).append(user)
            self._by_name[user.name] = text
        if "subject" in row:
            self._new_subjects.append(self._subject_row(person, row["subject"]["salt"]))
        else:
            self._renamed[person.subject.number] = user.number
        if "user" in row:
            self.new_users.append(self._user_row(person, row["user"]["salt"]))

    def _subject_row(self, person: Person, salt: bytes) -> dict[str, Any]:
        subject = person.subject
        assert subject.subject is not None
        return {
            "id": subject.number,
            "uuid": subject.id,
            "subject": subject.subject,
            "salt": salt,
            "commitment": subject.commitment,
            "subject_key": self._key(subject.subject),
            "user_id": person.user.number,
        }

    def _user_row(self, person: Person, salt: bytes) -> dict[str, Any]:
        user = person.user
        assert user.name is not None
        return {
            "id": user.number,
            "uuid": user.id,
            "username": user.name,
            "salt": salt,
            "commitment": user.commitment,
            "name_key": self._key(user.name) if person.is_named else None,
            "subject_id": person.subject.number,
        }

    async def write(self, connection: AsyncConnection) -> None:
        """Insert the new subjects and users, and what the renamed are called now."""
        new_subjects, self._new_subjects = self._new_subjects, []
        new_users, self.new_users = self.new_users, []
        renamed, self._renamed = self._renamed, {}
        if new_subjects:
            await connection.execute(subjects.insert(), new_subjects)
        if new_users:
            await connection.execute(users.insert(), new_users)
        if renamed:
            changes = [{"number": n, "now": user} for n, user in renamed.items()]
            await connection.execute(SET_USER, changes)


def _person(row: sa.Row[Any]) -> Person:
    user = user_in(row)
    assert user.subject is not None
    return Person(user.subject, user, row.name_key is not None)
