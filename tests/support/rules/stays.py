"""Subscriptions: the order of a join's frames, and every seq exactly once.

Follows each connection frame by frame. A stay begins with the first event of a room that
the connection has asked to join, and ends with the event that its own leave appended.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.support.frames import Frame, Object
from tests.support.record import Closed, Connection, Sent

from .facts import Facts, Stay, Violation

REPLAY_LIMIT = 500
BACKLOG = 50


@dataclass(slots=True)
class Walk:
    """One pass over one connection's entries."""

    connection: Connection
    stays: list[Stay] = field(default_factory=list)
    asked: dict[str, list[Object]] = field(default_factory=dict)
    here: dict[str, Stay] = field(default_factory=dict)
    leaves: dict[str, str | None] = field(default_factory=dict)
    acknowledged: dict[str, int] = field(default_factory=dict)
    """The leave of a stay whose first event is still to come: a node may be behind the log."""

    def run(self) -> Iterator[Violation]:
        for entry in self.connection.entries:
            if isinstance(entry, Sent):
                self._sent(entry.command)
            elif not isinstance(entry, Closed):
                yield from self._got(entry)

    def _sent(self, command: Object) -> None:
        room = command.get("room")
        if command.get("type") == "join" and isinstance(room, str):
            self.asked.setdefault(room, []).append(command)
        elif command.get("type") == "leave":
            room = room or (self.stays[-1].room if self.stays else "")
            if "id" in command:
                self.leaves[command["id"]] = room
            elif room in self.here:
                self.here[room].maybe_left = True

    def _got(self, frame: Frame) -> Iterator[Violation]:
        if frame.is_event:
            yield from self._event(frame)
        elif frame.type == "users" and "id" not in frame.data:
            yield from self._users(frame)
        elif frame.type == "caught_up":
            yield from self._caught_up(frame)
        elif frame.type == "ack" and frame.data.get("id") in self.leaves:
            self._left(frame)
        elif frame.type == "error" and "id" in frame.data:
            self._perhaps_left(frame)
            for room, commands in self.asked.items():
                self.asked[room] = [c for c in commands if c.get("id") != frame.data["id"]]

    def _event(self, frame: Frame) -> Iterator[Violation]:
        stay = self.here.get(frame.room)
        if stay is None or (stay.maybe_left and self._begins(stay, frame)):
            if not self.asked.get(frame.room):
                yield self._bad("stray", f"got {_at(frame)} of {frame.room}, where it is not")
                return
            stay = self._open(frame.room)
        yield from self._next(stay, frame)
        stay.events.append(frame)
        if frame.seq == stay.leave_seq:
            stay.over = True
            del self.here[frame.room]

    def _begins(self, stay: Stay, frame: Frame) -> bool:
        return bool(self.asked.get(frame.room)) and frame.seq != stay.events[-1].seq + 1

    def _open(self, room: str) -> Stay:
        if room in self.here:
            self.here[room].over = True
        stay = Stay(self.connection, room, self.asked[room].pop(0))
        stay.leave_seq = self.acknowledged.pop(room, None)
        self.here[room] = stay
        self.stays.append(stay)
        return stay

    def _next(self, stay: Stay, frame: Frame) -> Iterator[Violation]:
        if stay.users is not None and stay.caught_up is None:
            yield self._bad("joining", f"got {_at(frame)} between users and caught_up")
        if not stay.events:
            after = stay.asked.get("after")
            if after is not None and frame.seq != after + 1:
                yield self._bad("contiguous", f"resumed after {after} and got {_at(frame)}")
            return
        last = stay.events[-1].seq
        if frame.seq != last + 1:
            yield self._bad("contiguous", f"got {_at(frame)} of {frame.room} after seq {last}")

    def _users(self, frame: Frame) -> Iterator[Violation]:
        stay = self.here.get(frame.room)
        if stay is None:
            yield self._bad("joining", f"got users of {frame.room} before any event of it")
        elif stay.users is None:
            stay.users = frame
        # Once caught up, this is the answer to a users command that had no id.

    def _caught_up(self, frame: Frame) -> Iterator[Violation]:
        stay = self.here.get(frame.room)
        if stay is None or stay.caught_up is not None:
            yield self._bad("joining", f"got a caught_up that no join of {frame.room} fits")
            return
        stay.caught_up, stay.replayed = frame, len(stay.events)
        yield from (self._bad("joining", what) for what in _join_faults(stay, frame))

    def _left(self, ack: Frame) -> None:
        room = str(ack.data.get("room", self.leaves.pop(ack.data["id"])))
        if (stay := self.here.get(room)) is not None:
            stay.leave_seq = ack.seq
        else:
            self.acknowledged[room] = ack.seq

    def _perhaps_left(self, error: Frame) -> None:
        """A leave of unknown outcome may have ended the stay, or does so later."""
        room = self.leaves.pop(error.data["id"], None)
        if room in self.here and error.data.get("code") == "outcome_unknown":
            self.here[room].maybe_left = True

    def _bad(self, rule: str, what: str) -> Violation:
        return Violation(rule, f"{self.connection.label} {what}")


def _at(frame: Frame) -> str:
    return f"seq {frame.seq} ({frame.type})"


def _join_faults(stay: Stay, caught_up: Frame) -> Iterator[str]:
    own, first, room = stay.events[-1], stay.events[0].seq, stay.room
    if stay.users is None or stay.users.seq != caught_up.seq:
        yield f"got no users of {room} as of seq {caught_up.seq} before caught_up"
    if own.seq != caught_up.seq or not own.is_join:
        yield f"was caught up at seq {caught_up.seq} of {room}, but its replay ended at {own.raw}"
    elif own.data.get("username") != stay.asked.get("username") and "erased" not in own.data:
        yield f"was shown another's join as its own in {room}: {own.raw}"
    if caught_up.data.get("first") != first or caught_up.data.get("more") != (first > 1):
        yield f"was told of a replay of {room} other than from seq {first}: {caught_up.raw}"


def walk(facts: Facts) -> Iterator[Violation]:
    """Fill ``facts.stays``; report order, gaps, repeats and frames that nobody asked for."""
    for connection in facts.record.connections:
        passage = Walk(connection)
        yield from passage.run()
        facts.stays += passage.stays


def missing(facts: Facts) -> Iterator[Violation]:
    """When a run has settled, whoever is still in a room has seen it to its head."""
    for stay in facts.stays:
        head = facts.head(stay.room)
        if facts.settled and stay.open and stay.events[-1].seq != head:
            yield Violation("missing", f"{stay} never got what follows seq {stay.events[-1].seq}")
        if facts.settled and stay.open and stay.caught_up is None:
            yield Violation("missing", f"{stay} was never told that it is caught up")


def sessions(facts: Facts) -> Iterator[Violation]:
    """Each stay is a session of its own."""
    owners: dict[object, Stay] = {}
    for stay in facts.stays:
        session = stay.caught_up.data.get("session") if stay.caught_up else None
        if session is not None and owners.setdefault(session, stay) is not stay:
            yield Violation("session", f"{owners[session]} and {stay} share session {session}")


def backlog(facts: Facts) -> Iterator[Violation]:
    """Without ``after``, a replay begins where the contract says, no more and no less."""
    for stay in facts.stays:
        if stay.caught_up is None or "after" in stay.asked or stay.room not in facts.record.logs:
            continue
        wanted = _first_replayed(facts, stay, stay.asked.get("backlog", BACKLOG))
        if stay.events[0].seq != wanted:
            yield Violation(
                "backlog", f"{stay} was replayed from seq {stay.events[0].seq}, not {wanted}"
            )


def _first_replayed(facts: Facts, stay: Stay, chats: int) -> int:
    assert stay.caught_up is not None
    own = stay.caught_up.seq
    floor = max(1, own - REPLAY_LIMIT + 1)
    for seq in range(own, floor, -1) if chats else ():
        event = facts.event(stay.room, seq)
        chats -= event is not None and event.type == "chat"
        if chats == 0:
            return seq
    return floor if chats else own
