"""Decide who may have paged back to an event, where people have roles.

Somebody may have if they had the right to read the room right after the event, or got it later,
and the room began for them at the event or before it (``history``). The roles and the room's states
at that seq and later decide, and roles that ran out meanwhile: nobody has to have joined.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.schema import sessions, subjects, users
from chatlog.domain.rights import (
    OPEN,
    Appointment,
    Asker,
    Rights,
    Rules,
    beginning,
    is_at_least,
    role_in,
)
from chatlog.eventlog import read
from chatlog.kinds.member import Appointed
from chatlog.kinds.room import Changed

_CHUNK: Final = 5_000
_SUBJECTS: Final[sa.BindParameter[list[int]]] = sa.bindparam("subjects", expanding=True)
_ANY_SUBJECT: Final = sa.select(sa.exists(sa.select(subjects.c.id)))
# A look at the index for each user, however many sessions each of them had.
_EVER_THERE: Final = sa.text(
    "WITH RECURSIVE came (user_id) AS ("
    "SELECT min(user_id) FROM sessions WHERE room_id = :room UNION ALL "
    "SELECT (SELECT min(s.user_id) FROM sessions AS s "
    "WHERE s.room_id = :room AND s.user_id > came.user_id) "
    "FROM came WHERE came.user_id IS NOT NULL) "
    "SELECT DISTINCT u.subject_id FROM came JOIN users AS u ON u.id = came.user_id "
    "WHERE u.subject_id IS NOT NULL"
).bindparams(sa.bindparam("room", type_=sa.BigInteger))
_CAME_LATER: Final = (
    sa.select(users.c.subject_id)
    .distinct()
    .where(
        users.c.subject_id.in_(_SUBJECTS),
        sa.exists().where(
            sessions.c.room_id == sa.bindparam("room"),
            sessions.c.user_id == users.c.id,
            sessions.c.joined_seq > sa.bindparam("seq", type_=sa.BigInteger),
            sessions.c.joined_seq <= sa.bindparam("upto", type_=sa.BigInteger),
        ),
    )
)
_FIRST_JOINS: Final = (
    sa.select(
        users.c.subject_id,
        sa.func.min(
            sa.select(sa.func.min(sessions.c.joined_seq))
            .where(sessions.c.room_id == sa.bindparam("room"), sessions.c.user_id == users.c.id)
            .scalar_subquery()
        ).label("first_join"),
    )
    .where(users.c.subject_id.in_(_SUBJECTS))
    .group_by(users.c.subject_id)
)
_OF_USERS: Final = sa.select(users.c.subject_id).where(
    users.c.subject_id.is_not(None), users.c.id.in_(_SUBJECTS)
)


@dataclass(frozen=True, slots=True)
class _State:
    """A room's state from a room event on."""

    seq: int
    at: str
    rules: Rules


@dataclass(frozen=True, slots=True)
class Since:
    """A room's roles and states up to ``now``, to be asked about the event at ``seq``."""

    room: int
    seq: int
    at: str
    now: str
    states: Sequence[_State]
    given: dict[int, list[Appointment]]

    @property
    def is_cut(self) -> bool:
        """Whether the room has begun later for some."""
        return any(state.rules.history == "since_member" for state in self.states)

    @property
    def was_open(self) -> bool:
        """Whether everybody could read the room, at the event or later."""
        later = [state for state in self.states if state.seq > self.seq]
        return any(s.rules.access == "open" for s in later) or self._open_at_event()

    def _open_at_event(self) -> bool:
        return self._rules(self.seq, self.at).access == "open"

    def may_have_paged(self, subject: int, first_join: int | None) -> bool:
        """Return whether a subject, by number, could have paged back to the event."""
        given = self.given.get(subject, [])
        return any(self._sees(given, *point, first_join) for point in self._points(given))

    def is_by_scope(self, subject: int, seq: int, at: str) -> bool:
        """Return whether only a scope can have let the subject in at a join: it shows all."""
        given = [one for one in self.given.get(subject, []) if one.seq < seq]
        return not is_at_least(role_in(self._rules(seq, at), Asker(given, at)), "reader")

    def _points(self, given: Sequence[Appointment]) -> Iterator[tuple[int | None, str]]:
        """Yield the event and each change since, by seq and time; no seq if a role ran out."""
        yield self.seq, self.at
        changes: list[Appointment | _State] = [*given, *self.states]
        for change in changes:
            if change.seq > self.seq:
                yield change.seq, change.at
        for one in given:
            if one.until is not None and self.at < one.until <= self.now:
                yield None, one.until

    def _sees(
        self, given: Sequence[Appointment], seq: int | None, at: str, first_join: int | None
    ) -> bool:
        rules = self._rules(seq, at)
        asker = Asker([one for one in given if _is_known(one, seq, at)], at)
        if not is_at_least(role_in(rules, asker), "reader"):
            return False
        point = beginning(rules, asker, first_join)
        if isinstance(point, str):
            return point <= self.at
        return point is not None and point <= self.seq

    def _rules(self, seq: int | None, at: str) -> Rules:
        known = [state.rules for state in self.states if _is_known(state, seq, at)]
        return known[-1] if known else OPEN


def _is_known(change: _State | Appointment, seq: int | None, at: str) -> bool:
    return change.at <= at if seq is None else change.seq <= seq


async def has_people(connection: AsyncConnection) -> bool:
    """Return whether anybody in the log has proved who they are."""
    return bool((await connection.execute(_ANY_SUBJECT)).scalar())


async def rights_since(
    connection: AsyncConnection, room: int, seq: int, at: str, now: str
) -> Since:
    """Read a room's roles and states, to ask about its event at ``seq`` and ``at``."""
    rights = Rights()
    states: list[_State] = []
    numbers: dict[str, int] = {}
    for recorded in await read.governing_events(connection, room, None):
        event = recorded.event
        event.govern(rights, recorded.seq, recorded.at)
        if isinstance(event, Changed) and _is_new(states, rights.rules):
            states.append(_State(recorded.seq, recorded.at, rights.rules))
        if isinstance(event, Appointed) and event.member.subject is not None:
            numbers[event.member.subject.id] = event.member.subject.number
    given = {number: list(rights.of(id)) for id, number in numbers.items()}
    return Since(room, seq, at, now, states, given)


def _is_new(states: Sequence[_State], rules: Rules) -> bool:
    """Return whether a state differs from the one before it for those who read."""
    if not states:
        return True
    last = states[-1].rules
    return (last.access, last.history) != (rules.access, rules.history)


async def who_may_have_paged(
    connection: AsyncConnection, since: Since, candidates: Sequence[int]
) -> set[int]:
    """Return those of some subjects who could have paged back to the event."""
    joins = await _first_joins(connection, since, candidates) if since.is_cut else {}
    return {one for one in candidates if since.may_have_paged(one, joins.get(one))}


async def who_never_came_again(
    connection: AsyncConnection, since: Since, listed: set[int], upto: int
) -> list[int]:
    """Return in order the subjects who may have paged to the event without a join since.

    ``listed`` are those who are witnesses already; joins up to ``upto`` are taken for such.
    """
    known = set(since.given)
    if since.was_open:
        found = await connection.execute(_EVER_THERE, {"room": since.room})
        known |= set(found.scalars())
    candidates = sorted(known - listed)
    asked = {"room": since.room, "seq": since.seq, "upto": upto}
    came = await _in_chunks(connection, _CAME_LATER, candidates, asked)
    rest = sorted(set(candidates) - {row.subject_id for row in came})
    return sorted(await who_may_have_paged(connection, since, rest))


async def subjects_of(connection: AsyncConnection, numbers: Sequence[int]) -> set[int]:
    """Return the subjects of users, all by number."""
    rows = await _in_chunks(connection, _OF_USERS, numbers, {})
    return {row.subject_id for row in rows}


async def _first_joins(
    connection: AsyncConnection, since: Since, candidates: Sequence[int]
) -> dict[int, int | None]:
    rows = await _in_chunks(connection, _FIRST_JOINS, candidates, {"room": since.room})
    return {row.subject_id: row.first_join for row in rows}


async def _in_chunks(
    connection: AsyncConnection,
    statement: sa.Select[Any],
    numbers: Sequence[int],
    asked: dict[str, int],
) -> list[sa.Row[Any]]:
    rows: list[sa.Row[Any]] = []
    for start in range(0, len(numbers), _CHUNK):
        part = numbers[start : start + _CHUNK]
        rows += await connection.execute(statement, asked | {"subjects": part})
    return rows
