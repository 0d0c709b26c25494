"""Verify a log: its rooms, the log as a whole, and what a checkpoint or a certificate states."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace

from chatlog.audit.evidence.certificate import Certificate, RoomErasure, check_erasure
from chatlog.audit.evidence.checkpoint import Checkpoint, Head, check_head, check_log
from chatlog.audit.verification.check_events import Wrong
from chatlog.audit.verification.check_log import Whole, check_whole, damage
from chatlog.audit.verification.check_room import RoomVerdict
from chatlog.audit.verification.coverage import FROM_THE_FIRST, ROOM, SINCE, Coverage
from chatlog.audit.verification.future_times import Ahead, events_ahead
from chatlog.audit.verification.parallel import check_here, check_in_processes
from chatlog.audit.verification.ranges import EVENTS, Found, Tell, last_position, plan, put_together
from chatlog.databases.backend import Failure
from chatlog.databases.database import Database, backend_for
from chatlog.databases.opening import why
from chatlog.domain.errors import Unavailable

PARALLEL_FROM = 4 * EVENTS
"""Events from which on other processes are worth their start, of half a second each."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What to verify: one room (by its number) or all, in ``jobs`` processes.

    With 0 ``jobs`` the log's size decides, up to ``cores``. With ``is_since`` events up to the
    checkpoint count as verified. The erasures of a ``certificate`` must be in the log.
    """

    room: int | None = None
    jobs: int = 1
    cores: int = 1
    checkpoint: Checkpoint | None = None
    certificate: Certificate | None = None
    is_since: bool = False
    size: int = EVENTS


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on each room, and on the log as a whole (in a clause).

    ``coverage`` lists the checks made. Events ``ahead`` of the clock are not wrong.
    """

    rooms: list[RoomVerdict]
    whole: str | None
    coverage: Coverage
    ahead: tuple[Ahead, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return self.whole is None and all(room.ok for room in self.rooms)

    @property
    def events(self) -> int:
        """The number of events that were checked and are right."""
        return sum(max(0, room.head - room.since) for room in self.rooms)


async def verify(url: str, database: Database, asked: Asked, tell: Tell) -> Verdict:
    """Return the verdict; ``tell`` is called with the number of events just checked."""
    differing = await _compare(database, asked)
    since = _since(asked, differing)
    rooms, wrong = await _rooms(url, database, asked, since, tell)
    whole = Whole(wrong=wrong)
    if asked.room is None and wrong is None:
        whole = await _whole(database, asked.checkpoint if differing else None)
    coverage = _coverage(asked, whole, ROOM if wrong is None else ())
    # In a wrong log, a time may be malformed.
    is_right = whole.wrong is None and all(room.ok for room in rooms)
    ahead = await events_ahead(database, asked.room) if is_right else ()
    return Verdict(_with(rooms, differing), whole.wrong, coverage, ahead)


def _coverage(asked: Asked, whole: Whole, rooms: tuple[str, ...]) -> Coverage:
    start = SINCE if asked.is_since else FROM_THE_FIRST
    at = None if asked.checkpoint is None else asked.checkpoint.at
    return Coverage(rooms, whole.looked_at, whole.unsure, start, at)


def damaged(url: str, error: Unavailable) -> Verdict:
    """Return the verdict on a log that cannot be read at all because its file is damaged.

    Raises:
        Unavailable: if it cannot be read for another reason.
    """
    cause = error.__cause__
    assert isinstance(cause, Exception)
    failure = backend_for(url).failure(cause)
    if not isinstance(cause, UnicodeDecodeError) and failure is not Failure.FATAL:
        raise error
    return Verdict([], f"the file is damaged: {why(cause)}", Coverage(()))


async def _rooms(
    url: str, database: Database, asked: Asked, since: Mapping[str, int], tell: Tell
) -> tuple[list[RoomVerdict], str | None]:
    tasks = plan(database, since, only=asked.room, size=asked.size)
    verdicts: list[RoomVerdict] = []
    try:
        if (jobs := await _jobs(database, asked)) == 1:
            found = check_here(database, tasks, tell)
        else:
            found = check_in_processes(url, tasks, tell, jobs)
        async for pieces in _by_room(found):
            verdicts += [await put_together(database, pieces)]
    except Unavailable as error:
        return verdicts, damage(database, error)
    return verdicts, None


async def _jobs(database: Database, asked: Asked) -> int:
    if asked.jobs:
        return asked.jobs
    async with database.read() as connection:
        is_long = await last_position(connection) >= PARALLEL_FROM
    return asked.cores if is_long else 1


async def _by_room(found: AsyncIterator[Found]) -> AsyncIterator[list[Found]]:
    pieces: list[Found] = []
    async for one in found:
        pieces.append(one)
        if one.piece.last is None:
            yield pieces
            pieces = []


async def _whole(database: Database, checkpoint: Checkpoint | None) -> Whole:
    found = await check_whole(database)
    if found.wrong is None and checkpoint is not None:
        async with database.read() as connection:
            found = replace(found, wrong=await check_log(connection, checkpoint))
    return found


async def _compare(database: Database, asked: Asked) -> dict[str, Wrong]:
    """Compare the rooms with checkpoint and certificate; return by name those that differ."""
    heads = () if asked.checkpoint is None else asked.checkpoint.rooms
    erasures = () if asked.certificate is None else asked.certificate.erasures
    statements: tuple[Head | RoomErasure, ...] = (*heads, *erasures)
    differing: dict[str, Wrong] = {}
    for stated in statements:
        try:
            async with database.read() as connection:
                if isinstance(stated, Head):
                    await check_head(connection, stated)
                else:
                    await check_erasure(connection, stated)
        except Wrong as error:
            differing.setdefault(stated.room, error)
    return differing


def _since(asked: Asked, differing: Mapping[str, Wrong]) -> dict[str, int]:
    if asked.checkpoint is None or not asked.is_since:
        return {}
    return {h.room_id: h.seq for h in asked.checkpoint.rooms if h.room not in differing}


def _with(rooms: list[RoomVerdict], differing: dict[str, Wrong]) -> list[RoomVerdict]:
    """Return the verdicts with the checkpoint's findings added; the chain's take precedence."""
    told = [_worse(room, differing) for room in rooms]
    known = {room.room for room in rooms}
    gone = [(name, wrong) for name, wrong in differing.items() if name not in known]
    return told + [RoomVerdict(name, 0, "", wrong.seq, wrong.why) for name, wrong in gone]


def _worse(room: RoomVerdict, differing: dict[str, Wrong]) -> RoomVerdict:
    if not room.ok or room.room not in differing:
        return room
    wrong = differing[room.room]
    return replace(room, wrong_seq=wrong.seq, why=wrong.why)
