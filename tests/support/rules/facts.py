"""What the rules judge, gathered from a record once.

``Facts`` brings together every event that anybody saw at a (room, seq), each attempt to
chat with its outcome, and each subscription: the frames of one session of one connection in
one room.
"""

from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.support.frames import Frame, Object
from tests.support.record import Closed, Connection, Record, Sent


class Violation(NamedTuple):
    """A promise that was broken: the rule's name, and a sentence with the evidence."""

    rule: str
    sentence: str

    def __str__(self) -> str:
        return f"[{self.rule}] {self.sentence}"


@dataclass(slots=True)
class Attempt:
    """One command and what came of it; no answer, or ``outcome_unknown``, is unknown."""

    connection: Connection
    command: Object
    answer: Frame | None = None

    @property
    def id(self) -> str | None:
        return self.command.get("id")

    @property
    def room(self) -> str | None:
        named = self.command.get("room")
        return named or (self.answer.data.get("room") if self.answer else None)

    @property
    def acknowledged(self) -> bool:
        return self.answer is not None and self.answer.type == "ack"

    @property
    def refusal(self) -> str | None:
        """The error's code, where it says that nothing was appended."""
        if self.answer is None or self.answer.type != "error":
            return None
        code = str(self.answer.data.get("code"))
        return None if code == "outcome_unknown" else code


@dataclass(slots=True)
class Session:
    """One subscription: from a join to the leave, the close or the end of the run."""

    connection: Connection
    room: str
    asked: Object
    events: list[Frame] = field(default_factory=list)
    users: Frame | None = None
    caught_up: Frame | None = None
    replayed: int = 0
    leave_seq: int | None = None
    maybe_left: bool = False
    over: bool = False

    @property
    def open(self) -> bool:
        return not self.over and not self.maybe_left and self.connection.closed is None

    def __str__(self) -> str:
        return f"{self.connection.label} in {self.room}"


@dataclass(slots=True)
class Facts:
    record: Record
    settled: bool
    seen: dict[str, dict[int, list[Frame]]]
    attempts: list[Attempt]
    sessions: list[Session]
    early: list[Violation]

    def event(self, room: str, seq: int) -> Frame | None:
        versions = self.seen.get(room, {}).get(seq)
        return versions[0] if versions else None

    def prefix(self, room: str) -> Iterator[Frame]:
        """The events from the first one up to where nobody saw the next."""
        seq = 1
        while (event := self.event(room, seq)) is not None:
            yield event
            seq += 1

    def head(self, room: str) -> int:
        return max(self.seen.get(room, {}), default=0)

    def chats(self) -> Iterator[Attempt]:
        return (a for a in self.attempts if a.command.get("type") == "chat")


def gather(record: Record, settled: bool) -> Facts:
    facts = Facts(record, settled, _seen(record), [], [], [])
    for connection in record.connections:
        attempts, strays = _attempts(connection)
        facts.attempts += attempts
        facts.early += strays
    return facts


def _seen(record: Record) -> dict[str, dict[int, list[Frame]]]:
    seen: dict[str, dict[int, list[Frame]]] = defaultdict(lambda: defaultdict(list))
    known: set[int] = set()
    for frame in _all_events(record):
        if id(frame) in known:
            continue
        known.add(id(frame))
        versions = seen[frame.room][frame.seq]
        if all(frame.raw != other.raw for other in versions):
            versions.append(frame)
    return seen


def _all_events(record: Record) -> Iterator[Frame]:
    for log in record.logs.values():
        yield from log
    for connection in record.connections:
        for frame in connection.frames:
            if frame.is_event:
                yield frame
            yield from frame.events


ANSWER = {
    "join": "caught_up",
    "chat": "ack",
    "leave": "ack",
    "history": "history",
    "users": "users",
    "ping": "pong",
}


def _attempts(connection: Connection) -> tuple[list[Attempt], list[Violation]]:
    """Pair each answer with the oldest unanswered command of its ``id``."""
    attempts: list[Attempt] = []
    waiting: dict[str, deque[Attempt]] = defaultdict(deque)
    strays: list[Violation] = []
    for entry in connection.entries:
        if isinstance(entry, Sent):
            attempts.append(Attempt(connection, entry.command))
            if "id" in entry.command:
                waiting[entry.command["id"]].append(attempts[-1])
        elif not isinstance(entry, Closed) and not entry.is_event and "id" in entry.data:
            line = waiting[str(entry.data["id"])]
            fitting = [a for a in line if _fits(entry, a)]
            if fitting:
                fitting[0].answer = entry
                line.remove(fitting[0])
            else:
                strays.append(_stray(connection, entry))
    return attempts, strays


def _fits(answer: Frame, attempt: Attempt) -> bool:
    return answer.type in ("error", ANSWER.get(str(attempt.command.get("type"))))


def _stray(connection: Connection, frame: Frame) -> Violation:
    return Violation(
        "answers", f"{connection.label} got an answer that no open command fits: {frame.raw}"
    )
