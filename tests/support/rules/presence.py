"""Presence is the log: the fold of join and leave events, and nothing else."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.support.frames import USERS_LISTED, Frame

from .facts import Facts, Violation


@dataclass(slots=True)
class PresenceFold:
    """Who is present in a room, event by event."""

    room: str
    open: Counter[str] = field(default_factory=Counter)
    joined: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def step(self, event: Frame) -> Iterator[Violation]:
        name, at = str(event.data.get("username")), str(event.data.get("at"))
        if event.is_join:
            self.open[name] += 1
            self.joined[name].append(at)
            yield from self._counted(event, name, arrival=self.open[name] == 1)
        elif event.is_leave:
            yield from self._leave(event, name)
        elif event.type == "chat" and not self.open[name] and "erased" not in event.data:
            yield self._bad(event, f"{name} speaks without being present")

    def _leave(self, event: Frame, name: str) -> Iterator[Violation]:
        if not self.open[name]:
            yield self._bad(event, f"{name} leaves without being present")
            return
        self.open[name] -= 1
        yield from self._counted(event, name, arrival=not self.open[name])
        last_seen = event.data.get("last_seen_at")
        if last_seen and not self.joined[name][0] <= last_seen <= event.data["at"]:
            yield self._bad(event, f"{name} was last seen at {last_seen}, which cannot be")
        if not self.open[name]:
            self.joined[name].clear()

    def _counted(self, event: Frame, name: str, arrival: bool) -> Iterator[Violation]:
        if event.data.get("sessions") != self.open[name]:
            yield self._bad(event, f"{name} has {self.open[name]} sessions after it")
        if (event.type == "notification") != arrival:
            yield self._bad(event, f"a {event.type} is the wrong frame for it")

    def _bad(self, event: Frame, what: str) -> Violation:
        return Violation("presence", f"at seq {event.seq} of {self.room} {what}: {event.raw}")

    @property
    def names(self) -> list[str]:
        return sorted(name for name, count in self.open.items() if count)


def presence(facts: Facts) -> Iterator[Violation]:
    """Sessions are counted right, and every ``users`` frame is the fold at its seq.

    A digest is what changed in the fold between its ends.
    """
    asked = _frames_of(facts, "users")
    digests = _frames_of(facts, "presence")
    for room in facts.seen:
        fold = PresenceFold(room)
        before = {frame.first: frozenset[str]() for of in digests.values() for frame in of}
        for event in facts.prefix(room):
            if "erased" in event.data and event.type != "chat":
                break  # Names are gone: from here on the fold cannot be made.
            if event.seq in before:
                before[event.seq] = frozenset(fold.names)
            yield from fold.step(event)
            for frame in asked.get((room, event.seq), ()):
                yield from _listed(frame, fold.names)
            for frame in digests.get((room, event.seq), ()):
                yield from _summed_up(frame, before[frame.first], frozenset(fold.names))
        else:
            yield from _departed(facts, fold)


def _frames_of(facts: Facts, type: str) -> dict[tuple[str, int], list[Frame]]:
    asked: dict[tuple[str, int], list[Frame]] = defaultdict(list)
    for connection in facts.record.connections:
        for frame in connection.frames:
            if frame.type == type:
                asked[frame.room, frame.seq].append(frame)
    return asked


def _listed(frame: Frame, names: list[str]) -> Iterator[Violation]:
    if frame.data.get("count") != len(names) or frame.data.get("users") != names[:USERS_LISTED]:
        text = f"{frame.raw} is not the fold, which is {names}"
        yield Violation("users", text)


def _summed_up(frame: Frame, before: frozenset[str], after: frozenset[str]) -> Iterator[Violation]:
    told = (frame.data.get("joined"), frame.data.get("left"), frame.data.get("count"))
    if told != (sorted(after - before), sorted(before - after), len(after)):
        yield Violation("digest", f"{frame.raw} is not what changed in {frame.room}")


def _departed(facts: Facts, fold: PresenceFold) -> Iterator[Violation]:
    """When a run has settled, those present are those whose connections are still there."""
    if not facts.settled or fold.room not in facts.record.logs:
        return
    here = Counter(
        str(session.connection.username)
        for session in facts.sessions
        if session.room == fold.room and session.open
    )
    for name in sorted(set(here) | set(fold.names)):
        if here[name] != fold.open[name]:
            yield Violation(
                "departed",
                f"{name} has {fold.open[name]} sessions in the log of {fold.room},"
                f" and {here[name]} open connections there",
            )
