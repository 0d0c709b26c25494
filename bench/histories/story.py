"""What happens in a made-up history, event by event: a log that obeys every rule.

People come, talk, leave and open second sessions; servers die with sessions open, which
the next one lapses; messages are redacted and people erased. The rows come in order of
the log; what is known only at the end (who was there, what is erased) stands in the
story's fields then.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import accumulate
from random import Random
from typing import Final

from bench.histories.chained import Author, Chain, Person, Row, Session, author, new_session
from bench.histories.clock import Clock
from bench.histories.shape import DAY, Shape
from bench.histories.words import sentences
from chatlog.kinds.event import seqs_text

_MAX_REPLAY: Final = 500
_BACKLOG: Final = 50
_DRAWN: Final = 10_000


@dataclass(slots=True)
class Room:
    """A room: its chain, who is in it, and the chats that a new member may be shown."""

    chain: Chain
    settles_at: int
    sessions: list[Session] = field(default_factory=list)
    open: dict[int, int] = field(default_factory=dict)
    chats: deque[int] = field(default_factory=lambda: deque(maxlen=_MAX_REPLAY))

    def replay_from(self) -> int:
        """Return where the replay of a join that comes next begins, as the server would."""
        own = self.chain.head + 1
        start = self.chats[-_BACKLOG] if len(self.chats) >= _BACKLOG else 1
        return max(start, own - _MAX_REPLAY + 1)


@dataclass(slots=True)
class NodeRow:
    """A server process, as ``nodes`` has it."""

    number: int
    node: str
    started_at: str
    seen_at: str
    ended_at: str | None = None


class Story:
    """One history; ``events`` tells it, once."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._random = random = Random(shape.seed)
        self._clock = Clock(random, shape.days * DAY / shape.events)
        self._sentences = sentences(random)
        self._position = 0
        self.nodes: list[NodeRow] = []
        self.people = [self._person(n) for n in range(1, shape.users + 1)]
        self.rooms = [self._room(n) for n in range(1, shape.rooms + 1)]
        self.sessions: list[Row] = []
        self.redacted: list[tuple[int, int]] = []
        self._operator = self._person(shape.users + 1, "operator")
        self._room_weights = list(accumulate(1 / n for n in range(1, shape.rooms + 1)))
        self._user_weights = list(accumulate(1 / n for n in range(1, shape.users + 1)))
        self._victims = {n * 7 + 3 for n in range(shape.erased_users)}
        self._abandoned: Room | None = None
        self._did: dict[int, dict[int, list[int]]] = {n: {} for n in self._victims}

    def _person(self, number: int, name: str | None = None) -> Person:
        name = name or f"{_NAMES[number % len(_NAMES)]}{number}"
        salt = self._random.randbytes(16)
        commitment = sha256(salt + name.encode()).digest()
        return Person(number, self._random.randbytes(16).hex(), name, salt, commitment)

    def _room(self, number: int) -> Room:
        name = "general" if number == 1 else f"{_ROOMS[number % len(_ROOMS)]}-{number}"
        chain = Chain(number, self._random.randbytes(16).hex(), name)
        return Room(chain, max(2, self._shape.present * 3 // (1 + number // 4)))

    def everybody(self) -> list[Person]:
        """Return every person with an event, the operator too."""
        return [*self.people, self._operator]

    # The telling.

    def events(self) -> Iterator[Row]:
        """Tell the story: the rows of ``events``, in order of the log."""
        shape = self._shape
        self._start_node(self._clock.text)
        crash_every = shape.events // shape.crashes
        redact_every = max(1, shape.events // (shape.redactions + 1))
        erase_at = shape.events * 9 // 10
        end, crash_at, redact_at = shape.events, crash_every // 2, redact_every
        while self._position < end:
            rooms = self._random.choices(self.rooms, cum_weights=self._room_weights, k=_DRAWN)
            for room in rooms:
                yield self._next(room)
                if self._position >= crash_at:
                    crash_at += crash_every
                    yield from self._crash()
                if self._position >= redact_at:
                    redact_at += redact_every
                    yield from self._redact(room)
                if self._position >= erase_at:
                    erase_at = end + 1
                    yield from self._erase_users()
                    yield from self._abandon(self.rooms[-1])
                if self._position >= end:
                    break
        if shape.stops:
            yield from self._stop()
        self._finish()

    def _next(self, room: Room) -> Row:
        if room is self._abandoned:
            room = self.rooms[0]
        chance = self._random.random()
        here = len(room.sessions)
        if not here or (chance < 0.2 and here < room.settles_at) or chance < 0.01:
            return self._join(room)
        if chance > 0.97 or (chance > 0.9 and here > room.settles_at):
            gone = room.sessions[int(self._random.random() * here)]
            return self._leave(room, gone, "left" if chance > 0.98 else "disconnected")
        return self._chat(room, room.sessions[int(self._random.random() * here)])

    def _place(self) -> tuple[int, str]:
        self._position += 1
        at = self._node.seen_at = self._clock.tick()
        return self._position, at

    def _chat(self, room: Room, by: Session) -> Row:
        position, at = self._place()
        random = self._random
        id = f"{self._clock.now // 1000:012x}7{random.getrandbits(76):019x}"
        text = self._sentences[int(random.random() * len(self._sentences))]
        row = room.chain.chat(position, at, by.author, by, id, text, random.randbytes(16))
        room.chats.append(room.chain.head)
        self._remember(by.author.person, room)
        return row

    def _remember(self, who: Person, room: Room) -> None:
        """Keep what an erasure of this person will have to name: all their events."""
        if who.number in self._victims:
            self._did[who.number].setdefault(room.chain.number, []).append(room.chain.head)

    def _join(self, room: Room) -> Row:
        who = self._author(self._somebody())
        position, at = self._place()
        number = who.person.number
        open = room.open[number] = room.open.get(number, 0) + 1
        replay = room.replay_from()
        session = self._random.randbytes(16).hex()
        row = room.chain.append(
            position, at, "join", who, session=session, sessions=open, replay_from=replay
        )
        self._remember(who.person, room)
        room.sessions.append(new_session(session, who, room.chain.head, at, replay))
        return row

    def _leave(self, room: Room, gone: Session, cause: str, seen: str | None = None) -> Row:
        position, at = self._place()
        person = gone.author.person
        room.sessions.remove(gone)
        room.open[person.number] -= 1
        row = room.chain.append(
            position,
            at,
            "leave",
            self._author(person),
            session=gone.id,
            sessions=room.open[person.number],
            cause=cause,
            last_seen_at=None if seen is None else max(seen, gone.joined_at),
        )
        self._remember(person, room)
        self.sessions.append(_session_row(room, gone, row))
        return row

    def _somebody(self) -> Person:
        while True:
            [person] = self._random.choices(self.people, cum_weights=self._user_weights)
            if not person.erased:
                return person

    # What befalls them.

    def _start_node(self, at: str) -> None:
        number = len(self.nodes) + 1
        name = f"node-8080.{self._random.getrandbits(32):08x}"
        self._node = NodeRow(number, name, at, at)
        self._authors: dict[int, Author] = {}
        self.nodes.append(self._node)

    def _author(self, person: Person) -> Author:
        found = self._authors.get(person.number)
        if found is None:
            node = self._node
            found = self._authors[person.number] = author(person, node.number, node.node)
        return found

    def _crash(self) -> Iterator[Row]:
        """Let the server die; five to fifty minutes later the next one lapses its sessions."""
        dead, seen = self._node, self._node.seen_at
        dead.ended_at = self._clock.skip(self._random.randrange(300, 3_000) * 1_000_000)
        self._start_node(dead.ended_at)
        for room in self.rooms:
            for gone in list(room.sessions):
                yield self._leave(room, gone, "lapsed", seen)

    def _stop(self) -> Iterator[Row]:
        for room in self.rooms:
            for gone in list(room.sessions):
                yield self._leave(room, gone, "shutdown")
        self._node.ended_at = self._clock.text

    def _redact(self, room: Room) -> Iterator[Row]:
        if room.chats:
            seq = self._random.choice(room.chats)
            if (room.chain.number, seq) not in self.redacted[-_MAX_REPLAY:]:
                yield self._erasure(room, [seq], "spam")

    def _erase_users(self) -> Iterator[Row]:
        for number in sorted(self._victims):
            person = self.people[number - 1]
            person.erased = True
            for room in self.rooms:
                for gone in [s for s in room.sessions if s.author.person is person]:
                    yield self._leave(room, gone, "kicked")
            for room_number, seqs in self._did[number].items():
                for start in range(0, len(seqs), _MAX_REPLAY):
                    page = seqs[start : start + _MAX_REPLAY]
                    yield self._erasure(self.rooms[room_number - 1], page, "asked to be forgotten")

    def _abandon(self, room: Room) -> Iterator[Row]:
        self._abandoned = room
        for gone in list(room.sessions):
            yield self._leave(room, gone, "left")

    def _erasure(self, room: Room, seqs: list[int], reason: str) -> Row:
        position, at = self._place()
        by, salt = self._author(self._operator), self._random.randbytes(16)
        self.redacted.extend((room.chain.number, seq) for seq in seqs)
        of = seqs_text(seqs)
        return room.chain.append(position, at, "erasure", by, of=of, text=reason, salt=salt)

    def _finish(self) -> None:
        for room in self.rooms:
            self.sessions.extend(_session_row(room, open, None) for open in room.sessions)


def _session_row(room: Room, of: Session, leave: Row | None) -> Row:
    """Return the row of ``sessions``, in the order of that table's columns."""
    by = of.author
    begun = (of.joined_seq, of.joined_at, of.replay_from)
    # Of the leave: seq, at, cause, last_seen_at.
    ended = (None,) * 4 if leave is None else (leave[2], leave[3], leave[10], leave[11])
    return (of.id, room.chain.number, by.person.number, by.node, *begun, *ended)


_NAMES: Final = ("ada", "bob", "cleo", "dan", "eve", "finn", "gita", "hugo", "ines", "jo", "Zoë")
_ROOMS: Final = ("ops", "help", "random", "release", "Design", "music", "café")
