"""The people of a room that is being inserted: their users and subjects, as the file has them.

Users and subjects keep their ids. Whom this log knows already must be the same person here; a name
or a subject of somebody else stops the insertion. Names of one file may look alike: when they were
first used, by the data of that time, they did not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.schema import events, skeleton_keys, stored_bytes, subjects, users
from chatlog.databases.skeleton_keys import bring_up
from chatlog.domain.errors import LogError
from chatlog.domain.names import name_key
from chatlog.domain.skeletons import skeleton_key
from chatlog.domain.users import Subject, User
from chatlog.eventlog import lookup
from chatlog.eventlog.persons import SET_USER
from chatlog.eventlog.rows import USER, WITH_SUBJECT
from chatlog.kinds.proof import PersonSalts, Proved

_IDS: Final[sa.BindParameter[list[str]]] = sa.bindparam("ids", expanding=True)
_KEYS: Final[sa.BindParameter[list[bytes]]] = sa.bindparam("keys", expanding=True)
_USERS: Final = sa.select(*USER).select_from(WITH_SUBJECT).where(users.c.uuid.in_(_IDS))
_SUBJECTS: Final = sa.select(subjects).where(
    sa.or_(subjects.c.uuid.in_(_IDS), subjects.c.subject_key.in_(_KEYS))
)
_LOOKS: Final = (
    sa.select(
        users.c.uuid,
        users.c.username,
        subjects.c.uuid.label("owner"),
        skeleton_keys.c.skeleton_key,
    )
    .select_from(skeleton_keys.join(users).join(subjects, subjects.c.id == users.c.subject_id))
    .where(
        skeleton_keys.c.version_id == sa.bindparam("version"),
        skeleton_keys.c.skeleton_key.in_(_KEYS),
    )
)
# The named users of people with several, the last active one first.
_NAMED: Final = (
    sa.select(users.c.subject_id, users.c.id)
    .select_from(users.outerjoin(events, events.c.user_id == users.c.id))
    .where(users.c.subject_id.in_(sa.bindparam("numbers", expanding=True)))
    .group_by(users.c.subject_id, users.c.id)
    .order_by(
        sa.func.count(users.c.name_key) == 0,
        sa.func.coalesce(sa.func.max(events.c.at), "").desc(),
        users.c.id.desc(),
    )
)


@dataclass(frozen=True, slots=True)
class Met:
    """A user as an event of the file has it, with its salts."""

    user: User
    salts: PersonSalts


def met_in(page: Iterable[Proved]) -> dict[str, Met]:
    """Return the users of some events by id. Where an event shows the subject, it is known."""
    found: dict[str, Met] = {}
    for proved in page:
        event, proof = proved.recorded.event, proved.proof
        for key, person in event.people.items():
            found.setdefault(person.id, Met(person, proof.people[key]))
        if event.user.id not in found:
            found[event.user.id] = Met(event.user, PersonSalts(proof.name_salt))
    return found


class Newcomers:
    """The users of one room that is being inserted; ``numbers`` has those met so far, by id."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._secret, self._version = b"", 0
        self._subjects: dict[str, int] = {}
        self.numbers: dict[str, int] = {}

    async def know(self, page: Iterable[Proved]) -> None:
        """Find or make the users of some events.

        Raises:
            LogError: if this log has one of them, or one of their names, as somebody else's.
        """
        missing = {id: met for id, met in met_in(page).items() if id not in self.numbers}
        if not missing:
            return
        self._secret, self._version = await bring_up(self._connection)
        known = (await self._connection.execute(_USERS, {"ids": list(missing)})).all()
        people = {m.user.subject.id: m for m in missing.values() if m.user.subject is not None}
        for row in known:
            _check_same(row, missing[row.uuid].user)
            self.numbers[row.uuid] = row.id
            del missing[row.uuid]
        first = await lookup.next_number(self._connection, users.c.id)
        numbered = dict(enumerate(missing.values(), first))
        await self._know_subjects(people, numbered)
        await self._make(numbered)

    async def finish(self) -> None:
        """Note the present name of everybody who has several."""
        if not self._subjects:
            return
        asked = {"numbers": list(self._subjects.values())}
        named: dict[int, list[int]] = {}
        for subject, user in (await self._connection.execute(_NAMED, asked)).all():
            named.setdefault(subject, []).append(user)
        changes = [
            {"number": subject, "now": found[0]}
            for subject, found in named.items()
            if len(found) > 1
        ]
        if changes:
            await self._connection.execute(SET_USER, changes)

    async def _know_subjects(self, people: Mapping[str, Met], numbered: Mapping[int, Met]) -> None:
        missing = {id: met for id, met in people.items() if id not in self._subjects}
        if not missing:
            return
        keys = [self._key(s.subject) for met in missing.values() if (s := _subject(met)).subject]
        asked = {"ids": list(missing), "keys": keys}
        for row in (await self._connection.execute(_SUBJECTS, asked)).all():
            _check_same_subject(row, missing)
            self._subjects[row.uuid] = row.id
            del missing[row.uuid]
        calls = {_subject(m).id: n for n, m in reversed(list(numbered.items())) if m.user.subject}
        first = await lookup.next_number(self._connection, subjects.c.id)
        rows = [
            self._subject_row(number, met, calls[id])
            for number, (id, met) in enumerate(missing.items(), first)
        ]
        if rows:
            await self._connection.execute(subjects.insert(), rows)
            self._subjects |= {row["uuid"]: row["id"] for row in rows}

    async def _make(self, numbered: Mapping[int, Met]) -> None:
        rows = [self._user_row(number, met) for number, met in numbered.items()]
        if not rows:
            return
        await self._check_names(numbered.values())
        await self._connection.execute(users.insert(), rows)
        self.numbers |= {row["uuid"]: row["id"] for row in rows}

    async def _check_names(self, new: Iterable[Met]) -> None:
        """Refuse names that are, or look like, those of other people."""
        owners: dict[str | None, str] = {}
        looks: dict[bytes, list[Met]] = {}
        for met in new:
            if (look := self._look(met)) is not None:
                _check_owner(met, owners.setdefault(met.user.name, _subject(met).id))
                looks.setdefault(look, []).append(met)
        asked = {"version": self._version, "keys": list(looks)}
        for row in (await self._connection.execute(_LOOKS, asked)).all():
            for met in looks[stored_bytes(row.skeleton_key)]:
                if row.username == met.user.name or row.uuid not in self.numbers:
                    _check_owner(met, row.owner)

    def _key(self, text: str) -> bytes:
        return name_key(self._secret, text)

    def _look(self, met: Met) -> bytes | None:
        if met.user.subject is None or met.user.name is None or not met.salts.is_named:
            return None
        return skeleton_key(self._secret, met.user.name)

    def _subject_row(self, number: int, met: Met, user: int) -> dict[str, Any]:
        subject = _subject(met)
        return {
            "id": number,
            "uuid": subject.id,
            "subject": subject.subject,
            "salt": met.salts.subject,
            "commitment": subject.commitment,
            "subject_key": None if subject.subject is None else self._key(subject.subject),
            "user_id": user,
        }

    def _user_row(self, number: int, met: Met) -> dict[str, Any]:
        user = met.user
        is_found = user.name is not None and met.salts.is_named
        return {
            "id": number,
            "uuid": user.id,
            "username": user.name,
            "salt": met.salts.name,
            "commitment": user.commitment,
            "name_key": self._key(user.name or "") if is_found else None,
            "subject_id": None if user.subject is None else self._subjects[user.subject.id],
        }


def _subject(met: Met) -> Subject:
    assert met.user.subject is not None
    return met.user.subject


def _check_same(row: Any, user: User) -> None:
    if row.username != user.name or row.commitment != user.commitment:
        raise LogError(
            f"This log has the user {user.id} with another name or commitment: "
            "the name was erased here or in the file, or one of the two was changed."
        )
    if row.subject_uuid != (None if user.subject is None else user.subject.id):
        raise LogError(f"This log has the user {user.id} as another person's.")


def _check_same_subject(row: sa.Row[Any], people: Mapping[str, Met]) -> None:
    if (met := people.get(row.uuid)) is None:
        raise LogError(
            f"This log knows the subject {row.subject!r} as somebody else than the file does: "
            "their roles and names cannot be told apart. Import the room into another database."
        )
    subject = _subject(met)
    if row.subject != subject.subject or row.commitment != subject.commitment:
        raise LogError(
            f"This log has the subject with the id {subject.id} otherwise: "
            "it was erased here or in the file, or one of the two was changed."
        )


def _check_owner(met: Met, owner: str) -> None:
    if owner != _subject(met).id:
        raise LogError(
            f"The username {met.user.name!r}, or one that looks like it, is another person's in "
            "this log than in the file. Import the room into another database."
        )
