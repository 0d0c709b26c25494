"""Plan a working day in each room: sessions and messages. Pure, given a random generator.

Times are seconds relative to now, so negative. The server died at ``CRASH`` and was back at
``RESTART``, when everybody who had not left meanwhile joined again. Everybody who writes is
present.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from chatlog.kinds.leave import Cause
from chatlog.operations.demo.texts import QUIET, Exchange, Line, RoomTexts

BEGIN: Final = -9 * 3600.0
CRASH: Final = -3.4 * 3600.0
RESTART: Final = CRASH + 420.0

_LAST_SAID: Final = -200.0
_BEFORE_CRASH: Final = 400.0
_AFTER_RESTART: Final = 150.0
_QUIET_SESSIONS: Final = 34
_ONE_SESSION: Final = 5_400.0


@dataclass(frozen=True, slots=True)
class Session:
    """A session of the plan; an ``end`` of 0 or later is in the future."""

    room: str
    name: str
    session: str
    begin: float
    end: float
    cause: Cause


@dataclass(frozen=True, slots=True)
class Said:
    room: str
    at: float
    line: Line


@dataclass(frozen=True, slots=True)
class Plan:
    sessions: tuple[Session, ...]
    said: tuple[Said, ...]


def plan(rooms: Sequence[RoomTexts], chances: random.Random) -> Plan:
    """Return the past of all rooms; no session is open at the crash and after the restart."""
    planned = [_Day(texts, chances) for texts in rooms]
    return Plan(
        tuple(session for day in planned for session in day.sessions()),
        tuple(said for day in planned for said in day.said),
    )


class _Day:
    """One room's day, generated in this order: messages, sessions of their authors, readers."""

    def __init__(self, texts: RoomTexts, chances: random.Random) -> None:
        self._room = texts.room
        self._chances = chances
        self.said: list[Said] = []
        self._needed: dict[str, list[tuple[float, float]]] = {}
        for at, exchange in zip(self._times(len(texts.past)), texts.past, strict=True):
            self._say(at, exchange)

    def _times(self, count: int) -> Iterator[float]:
        """Spread the starts of exchanges over the whole day, away from the crash."""
        early = CRASH - _BEFORE_CRASH - (BEGIN + 600)
        late = _LAST_SAID - 240 - (RESTART + _AFTER_RESTART)
        for number in range(count):
            far = (number + self._chances.uniform(0.1, 0.5)) / (count - 0.5) * (early + late)
            yield BEGIN + 600 + far if far < early else RESTART + _AFTER_RESTART + far - early

    def _say(self, at: float, exchange: Exchange) -> None:
        began = at
        for line in exchange:
            at += 3 + len(line.message) * 0.1 + self._chances.uniform(0, 9)
            self.said.append(Said(self._room, at, line))
        for name in {line.name: None for line in exchange}:
            self._needed.setdefault(name, []).append((began, at))

    def sessions(self) -> Iterator[Session]:
        whole = [session for name in self._needed for session in self._speaker(name)]
        whole += [
            self._second_tab(session) for session in whole if session.end - session.begin > 4_000
        ]
        whole += [self._reader() for _ in range(_QUIET_SESSIONS)]
        for session in whole:
            yield from self._around_crash(session)

    def _speaker(self, name: str) -> Iterator[Session]:
        spans: list[tuple[float, float]] = []
        for began, ended in self._needed[name]:
            begin = began - self._chances.uniform(20, 300)
            end = ended + self._chances.uniform(120, 2_400)
            if spans and begin - spans[-1][1] < _ONE_SESSION:
                begin = spans.pop()[0]
            spans.append((begin, end))
        for begin, end in spans:
            yield self._planned(name, begin, end)

    def _second_tab(self, session: Session) -> Session:
        length = session.end - session.begin
        begin = session.begin + length * self._chances.uniform(0.2, 0.4)
        return self._planned(session.name, begin, begin + length * self._chances.uniform(0.1, 0.4))

    def _reader(self) -> Session:
        begin = self._chances.triangular(BEGIN, -300, BEGIN * 0.3)
        length = min(max(self._chances.expovariate(1 / 4_200), 240), 12_000)
        return self._planned(self._chances.choice(QUIET), begin, begin + length)

    def _planned(self, name: str, begin: float, end: float) -> Session:
        causes: tuple[Cause, ...] = ("left", "disconnected", "timed_out")
        cause = self._chances.choices(causes, (6, 4, 1))[0]
        return Session(self._room, name, self._session(), max(begin, BEGIN), end, cause)

    def _session(self) -> str:
        return f"{self._chances.getrandbits(128):032x}"

    def _around_crash(self, session: Session) -> Iterator[Session]:
        """Cut a session at the crash; somebody who would have stayed rejoins after the restart."""
        if session.end < CRASH or session.begin > RESTART:
            yield session
            return
        if session.begin < CRASH:
            yield replace(session, end=RESTART, cause="lapsed")
        if session.end > RESTART + _AFTER_RESTART:
            again = RESTART + self._chances.uniform(2, 60)
            yield replace(session, session=self._session(), begin=again)
