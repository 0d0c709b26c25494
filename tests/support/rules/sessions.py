"""Subscriptions: the order of a join's frames, and every seq exactly once.

Follows each connection frame by frame. A session begins with the first event of a room that
the connection has asked to join, and ends with the event that its own leave appended.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.support.frames import Frame, Object
from tests.support.record import Closed, Connection, Sent

from .facts import Facts, Session, Violation

REPLAY_LIMIT = 500
BACKLOG = 50


@dataclass(slots=True)
class Walk:
    """One pass over one connection's entries."""

    connection: Connection
    sessions: list[Session] = field(default_factory=list)
    asked: dict[str, list[Object]] = field(default_factory=dict)
    here: dict[str, Session] = field(default_factory=dict)
    leaves: dict[str, str | None] = field(default_factory=dict)
    acknowledged: dict[str, int] = field(default_factory=dict)
    """The leave of a session whose first event is still to come: a node may be behind the log."""

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
            room = room or (self.sessions[-1].room if self.sessions else "")
            if "id" in command:
                self.leaves[command["id"]] = room
            elif room in self.here:
                self.here[room].maybe_left = True

    def _got(self, frame: Frame) -> Iterator[Violation]:
        if frame.is_event or frame.is_digest:
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
        session = self.here.get(frame.room)
        if session is None or (session.maybe_left and self._begins(session, frame)):
            if not self.asked.get(frame.room):
                yield self._bad("stray", f"got {_at(frame)} of {frame.room}, where it is not")
                return
            session = self._open(frame.room)
        yield from self._next(session, frame)
        session.events.append(frame)
        if frame.seq == session.leave_seq:
            session.over = True
            del self.here[frame.room]

    def _begins(self, session: Session, frame: Frame) -> bool:
        return bool(self.asked.get(frame.room)) and frame.first != session.events[-1].seq + 1

    def _open(self, room: str) -> Session:
        if room in self.here:
            self.here[room].over = True
        session = Session(self.connection, room, self.asked[room].pop(0))
        session.leave_seq = self.acknowledged.pop(room, None)
        self.here[room] = session
        self.sessions.append(session)
        return session

    def _next(self, session: Session, frame: Frame) -> Iterator[Violation]:
        if session.users is not None and session.caught_up is None:
            yield self._bad("joining", f"got {_at(frame)} between users and caught_up")
        if not session.events:
            after = session.asked.get("after")
            if after is not None and frame.first != after + 1:
                yield self._bad("contiguous", f"resumed after {after} and got {_at(frame)}")
            return
        if frame.is_digest and session.asked.get("presence") != "digest":
            yield self._bad("digest", f"got a digest that it did not ask for: {frame.raw}")
        last = session.events[-1].seq
        if frame.first != last + 1:
            yield self._bad("contiguous", f"got {_at(frame)} of {frame.room} after seq {last}")

    def _users(self, frame: Frame) -> Iterator[Violation]:
        session = self.here.get(frame.room)
        if session is None:
            yield self._bad("joining", f"got users of {frame.room} before any event of it")
        elif session.users is None:
            session.users = frame
        # Once caught up, this is the answer to a users command that had no id.

    def _caught_up(self, frame: Frame) -> Iterator[Violation]:
        session = self.here.get(frame.room)
        if session is None or session.caught_up is not None:
            yield self._bad("joining", f"got a caught_up that no join of {frame.room} fits")
            return
        session.caught_up, session.replayed = frame, len(session.events)
        yield from (self._bad("joining", what) for what in _join_faults(session, frame))

    def _left(self, ack: Frame) -> None:
        room = str(ack.data.get("room", self.leaves.pop(ack.data["id"])))
        if (session := self.here.get(room)) is not None:
            session.leave_seq = ack.seq
        else:
            self.acknowledged[room] = ack.seq

    def _perhaps_left(self, error: Frame) -> None:
        """A leave of unknown outcome may have ended the session, or does so later."""
        room = self.leaves.pop(error.data["id"], None)
        if room in self.here and error.data.get("code") == "outcome_unknown":
            self.here[room].maybe_left = True

    def _bad(self, rule: str, what: str) -> Violation:
        return Violation(rule, f"{self.connection.label} {what}")


def _at(frame: Frame) -> str:
    return f"seq {frame.seq} ({frame.type})"


def _join_faults(session: Session, caught_up: Frame) -> Iterator[str]:
    own, first, room = session.events[-1], session.events[0].first, session.room
    if session.users is None or session.users.seq != caught_up.seq:
        yield f"got no users of {room} as of seq {caught_up.seq} before caught_up"
    if own.seq != caught_up.seq or not own.is_join:
        yield f"was caught up at seq {caught_up.seq} of {room}, but its replay ended at {own.raw}"
    elif own.data.get("username") != session.asked.get("username") and "erased" not in own.data:
        yield f"was shown another's join as its own in {room}: {own.raw}"
    if caught_up.data.get("first") != first or caught_up.data.get("more") != (first > 1):
        yield f"was told of a replay of {room} other than from seq {first}: {caught_up.raw}"


def walk(facts: Facts) -> Iterator[Violation]:
    """Fill ``facts.sessions``; report order, gaps, repeats and frames that nobody asked for."""
    for connection in facts.record.connections:
        passage = Walk(connection)
        yield from passage.run()
        facts.sessions += passage.sessions


def missing(facts: Facts) -> Iterator[Violation]:
    """When a run has settled, whoever is still in a room has seen it to its head."""
    for session in facts.sessions:
        head = facts.head(session.room)
        if facts.settled and session.open and session.events[-1].seq != head:
            yield Violation(
                "missing", f"{session} never got what follows seq {session.events[-1].seq}"
            )
        if facts.settled and session.open and session.caught_up is None:
            yield Violation("missing", f"{session} was never told that it is caught up")


def own_ids(facts: Facts) -> Iterator[Violation]:
    """Each session has an id of its own."""
    owners: dict[object, Session] = {}
    for session in facts.sessions:
        id = session.caught_up.data.get("session") if session.caught_up else None
        if id is not None and owners.setdefault(id, session) is not session:
            yield Violation("session", f"{owners[id]} and {session} share the id {id}")


def backlog(facts: Facts) -> Iterator[Violation]:
    """Without ``after``, a replay begins where the contract says, no more and no less."""
    for session in facts.sessions:
        if (
            session.caught_up is None
            or "after" in session.asked
            or session.room not in facts.record.logs
        ):
            continue
        wanted = _first_replayed(facts, session, session.asked.get("backlog", BACKLOG))
        if session.events[0].seq != wanted:
            yield Violation(
                "backlog", f"{session} was replayed from seq {session.events[0].seq}, not {wanted}"
            )


def _first_replayed(facts: Facts, session: Session, chats: int) -> int:
    assert session.caught_up is not None
    own = session.caught_up.seq
    floor = max(1, own - REPLAY_LIMIT + 1)
    for seq in range(own, floor, -1) if chats else ():
        event = facts.event(session.room, seq)
        chats -= event is not None and event.type == "chat"
        if chats == 0:
            return seq
    return floor if chats else own
