"""Random histories of a room, written into a real log, and the plain fold of their events.

The fold knows nothing of tables and indexes: it walks through the events one by one, as
somebody with pencil and paper would.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count

from hypothesis import strategies as st

from chatlog.kinds.chat import Post
from chatlog.kinds.command import Command
from chatlog.kinds.event import Recorded
from chatlog.kinds.join import Join, Joined
from chatlog.kinds.leave import Cause, Leave, Left
from tests.support.logbook import Log

_serial = count(1)


@dataclass(frozen=True)
class Step:
    """One thing that happens: who does what, so many seconds after the last thing."""

    does: str
    user: int
    choice: int
    seconds: int


STEPS = st.builds(
    Step,
    does=st.sampled_from(["join", "join", "resume", "chat", "chat", "leave", "lapse"]),
    user=st.integers(0, 4),
    choice=st.integers(0, 30),
    seconds=st.sampled_from([0, 0, 1, 30]),
)
STORIES = st.lists(STEPS, min_size=1, max_size=60)


def time_of(second: int) -> str:
    return f"2026-01-01T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}.000000Z"


@dataclass
class Teller:
    """Turns steps into commands that are accepted, knowing who is in the room."""

    room: str
    head: int = 0
    second: int = 0
    open: dict[str, tuple[int, int]] = field(default_factory=dict)

    def command(self, step: Step) -> Command | None:
        self.second += step.seconds
        command = self._command(step)
        if command is not None:
            self.head += 1
        return command

    def _command(self, step: Step) -> Command | None:
        at = time_of(self.second)
        if step.does in ("join", "resume"):
            session = f"{self.room}-{next(_serial)}"
            self.open[session] = (step.user, self.second)
            after = min(step.choice, self.head) if step.does == "resume" else None
            backlog = None if step.does == "resume" else step.choice % 4
            return Join(self.room, session, f"user {step.user}", backlog, after, at=at)
        if not self.open:
            return None
        session = list(self.open)[step.choice % len(self.open)]
        if step.does == "chat":
            return Post(self.room, session, "hello", at=at)
        _, joined = self.open.pop(session)
        cause: Cause = "lapsed" if step.does == "lapse" else "left"
        seen = None
        if cause == "lapsed":
            seen = time_of(joined + (self.second - joined) * (step.choice % 3) // 2)
        return Leave(self.room, session, cause, seen, at=at)


@dataclass
class Session:
    """A session as the events tell it."""

    username: str
    session: str
    joined: Recorded
    replay_from: int
    left: Recorded | None = None

    def is_open_at(self, seq: int) -> bool:
        return self.joined.seq <= seq and (self.left is None or self.left.seq > seq)

    def is_sure_at(self, time: str) -> bool:
        if self.left is None:
            return True
        assert isinstance(self.left.event, Left)
        return self.left.event.last_seen_at is None or time <= self.left.event.last_seen_at


class RoomFold:
    """What a room's events say, the slow way."""

    def __init__(self, events: list[Recorded]) -> None:
        self.events = events
        self.sessions: list[Session] = []
        for recorded in events:
            event = recorded.event
            if isinstance(event, Joined):
                name = str(event.user.name)
                self.sessions.append(Session(name, event.session, recorded, event.replay_from))
            elif isinstance(event, Left):
                (one,) = (one for one in self.sessions if one.session == event.session)
                one.left = recorded

    def seq_at(self, time: str) -> int:
        return max((event.seq for event in self.events if event.at <= time), default=0)

    def present(self, seq: int, time: str) -> list[tuple[str, int, int, str, bool]]:
        """Name, sessions, seq and time of the arrival, and whether it is uncertain."""
        listed = []
        for name in sorted({one.username for one in self.sessions if one.is_open_at(seq)}):
            own = [one for one in self.sessions if one.username == name and one.is_open_at(seq)]
            arrival = self._arrival(name, seq)
            unsure = not any(one.is_sure_at(time) for one in own)
            listed.append((name, len(own), arrival.seq, arrival.at, unsure))
        return listed

    def _arrival(self, name: str, seq: int) -> Recorded:
        joins = [s.joined for s in self.sessions if s.username == name and s.joined.seq <= seq]
        return [
            join
            for join in joins
            if not any(s.username == name and s.is_open_at(join.seq - 1) for s in self.sessions)
        ][-1]

    def witnesses(self, seq: int) -> dict[str, str]:
        """The strongest certainty of each user."""
        at = self.events[seq - 1].at
        strongest: dict[str, str] = {}
        order = ["open", "uncertain", "replayed", "possible"]
        for one in self.sessions:
            certainty = self._certainty(one, seq, at)
            if certainty is not None:
                known = strongest.get(one.username, "possible")
                strongest[one.username] = min(known, certainty, key=order.index)
        return strongest

    def _certainty(self, one: Session, seq: int, at: str) -> str | None:
        if one.is_open_at(seq):
            return "open" if one.is_sure_at(at) else "uncertain"
        if one.joined.seq < seq:
            return None
        return "replayed" if one.replay_from <= seq else "possible"


async def tell(log: Log, steps: list[Step]) -> tuple[str, list[Recorded]]:
    """Write a story into a new room; return the room and its events."""
    teller = Teller(f"room {next(_serial)}")
    commands = [command for step in steps if (command := teller.command(step)) is not None]
    return teller.room, await log.record(*commands) if commands else []
