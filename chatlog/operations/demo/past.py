"""Write the demo's past into an empty log, through the same writer and rules as any event.

It has two nodes: the first died, and its open sessions lapsed; the second erased a message and
was stopped a moment ago. Only the nodes' own rows are backdated; every event results from a
command.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from chatlog.databases.database import Database
from chatlog.domain import times
from chatlog.domain.errors import LogError
from chatlog.eventlog.append import Node, Outcome
from chatlog.eventlog.committing.writer import Writer
from chatlog.eventlog.steps import erasing
from chatlog.kinds.chat import Post, Posted
from chatlog.kinds.command import Command
from chatlog.kinds.event import Recorded
from chatlog.kinds.join import Join
from chatlog.kinds.leave import Leave
from chatlog.nodes import leases
from chatlog.nodes.dating import date_back
from chatlog.nodes.reaper import leaves_due
from chatlog.operations.demo.plan import BEGIN, CRASH, RESTART, Plan

_DOUBT_SECONDS: Final = 5.0
_NODE: Final = "demo"
_ERASED_BY: Final = "Mara"
_REASON: Final = "a card number, posted by mistake"


async def write_past(database: Database, plan: Plan) -> None:
    """Append the plan, ending now, to a log that only this process writes."""
    past = _Past(database, plan)
    first = await leases.begin(database, _NODE, alone=True)
    await past.append(first, past.between(BEGIN, CRASH))
    await date_back(database, first, started_at=past.time(BEGIN), seen_at=past.time(CRASH))
    second = await leases.begin(database, _NODE, alone=True)
    await past.append(second, await past.lapsed())
    await past.append(second, past.between(RESTART, 0))
    await past.erase(second)
    await past.append(second, past.still_open())
    await leases.end(database, second)
    await date_back(database, first, ended_at=past.time(RESTART))
    await date_back(database, second, started_at=past.time(RESTART))


@dataclass(slots=True)
class _Past:
    database: Database
    plan: Plan
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    to_erase: dict[str, list[int]] = field(default_factory=dict)

    def time(self, seconds: float) -> str:
        return times.text(self.now + timedelta(seconds=seconds))

    def between(self, begin: float, end: float) -> list[Command]:
        """Return the happenings from ``begin`` to before ``end``, in order."""
        timed = sorted(self._happenings(), key=lambda each: each[0])
        return [command for at, command in timed if begin <= at < end]

    def _happenings(self) -> Iterator[tuple[float, Command]]:
        for planned in self.plan.sessions:
            join = Join(
                planned.room, planned.session, planned.name, backlog=50, at=self.time(planned.begin)
            )
            yield planned.begin, join
            if planned.cause != "lapsed":
                yield (
                    planned.end,
                    Leave(planned.room, planned.session, planned.cause, at=self.time(planned.end)),
                )
        for said in self.plan.said:
            session = self._session(said.room, said.line.name, said.at)
            yield said.at, Post(said.room, session, said.line.message, at=self.time(said.at))

    def _session(self, room: str, name: str, at: float) -> str:
        return next(
            planned.session
            for planned in self.plan.sessions
            if planned.room == room and planned.name == name and planned.begin < at < planned.end
        )

    async def lapsed(self) -> list[Command]:
        """Return the leaves that were due at the restart."""
        due = await leaves_due(self.database)
        return [replace(leave, at=self.time(RESTART)) for leave in due]

    def still_open(self) -> list[Command]:
        """Return the leaves of everybody present when the server is stopped."""
        open_ = [planned for planned in self.plan.sessions if planned.end >= 0]
        return [Leave(planned.room, planned.session, "shutdown") for planned in open_]

    async def append(self, node: Node, commands: Sequence[Command]) -> None:
        writer = Writer(self.database, node, doubt_seconds=_DOUBT_SECONDS)
        for outcome in await writer.append(commands):
            self._note(outcome)

    def _note(self, outcome: Outcome) -> None:
        if not isinstance(outcome, Recorded):
            raise LogError(f"The demo's past cannot be written: {outcome}")
        regretted = {said.line.message for said in self.plan.said if said.line.is_erased}
        if isinstance(outcome.event, Posted) and outcome.event.message in regretted:
            self.to_erase.setdefault(outcome.room, []).append(outcome.seq)

    async def erase(self, node: Node) -> None:
        writer = Writer(self.database, node, doubt_seconds=_DOUBT_SECONDS)
        for room, seqs in self.to_erase.items():
            await writer.transact(erasing.redact(room, seqs, by=_ERASED_BY, reason=_REASON))
