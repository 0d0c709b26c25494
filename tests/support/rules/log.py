"""The log: one event for ever at a seq, without gaps, in time, and nothing seen is lost."""

from collections.abc import Iterator

from tests.support.frames import Frame

from .facts import Facts, Violation


def shapes(facts: Facts) -> Iterator[Violation]:
    """Every frame has the shape that the contract gives it."""
    told: set[str] = set()
    for connection in facts.record.connections:
        for frame in connection.frames:
            if frame.faults and frame.raw not in told:
                told.add(frame.raw)
                faults = ", ".join(frame.faults)
                yield Violation(
                    "shape", f"{connection.label} got a frame that {faults}: {frame.raw}"
                )


def same_bytes(facts: Facts) -> Iterator[Violation]:
    """An event is the same bytes for everyone, until its content is erased."""
    for room, events in facts.seen.items():
        for seq, versions in events.items():
            if len(versions) > 1 and not _erased(versions):
                both = " and ".join(frame.raw for frame in versions[:2])
                yield Violation("one event", f"seq {seq} of {room} was seen as {both}")


def _erased(versions: list[Frame]) -> bool:
    kept = {(f.type, f.data.get("hash"), f.data.get("at")) for f in versions}
    return len(kept) == 1 and sum("erased" not in f.data for f in versions) <= 1


def whole(facts: Facts) -> Iterator[Violation]:
    """The final log is 1, 2, 3 … and holds every event that anybody saw."""
    for room, log in facts.record.logs.items():
        seqs = [frame.seq for frame in log]
        if seqs != list(range(1, len(seqs) + 1)):
            yield Violation("log", f"the log of {room} is not numbered 1, 2, 3 …: {_odd(seqs)}")
        lost = sorted(set(facts.seen.get(room, {})) - set(seqs))
        if lost:
            evidence = facts.seen[room][lost[0]][0].raw
            yield Violation("lost", f"seqs {lost[:10]} of {room} were seen, then lost: {evidence}")


def _odd(seqs: list[int]) -> str:
    at = next(i for i, seq in enumerate(seqs) if seq != i + 1)
    return f"seq {seqs[at]} stands at place {at + 1}"


def times(facts: Facts) -> Iterator[Violation]:
    """Times never go back within a room."""
    for room, events in facts.seen.items():
        last = ""
        for seq in sorted(events):
            at = str(events[seq][0].data.get("at"))
            if at < last:
                yield Violation("times", f"at seq {seq} of {room} time went back, {last} to {at}")
            last = at


def hashes(facts: Facts) -> Iterator[Violation]:
    """A hash belongs to one seq, and is the same wherever a frame names it."""
    for room, events in facts.seen.items():
        owner: dict[str, int] = {}
        for seq, versions in events.items():
            digest = str(versions[0].data.get("hash"))
            if owner.setdefault(digest, seq) != seq:
                yield Violation("hash", f"seqs {owner[digest]} and {seq} of {room} share {digest}")
    for connection in facts.record.connections:
        for frame in connection.frames:
            if frame.type in ("ack", "caught_up", "presence"):
                yield from _quoted(facts, frame)


def _quoted(facts: Facts, frame: Frame) -> Iterator[Violation]:
    event = facts.event(frame.room, frame.seq)
    if event is not None and event.data.get("hash") != frame.data.get("hash"):
        yield Violation("hash", f"{frame.raw} quotes another hash than {event.raw}")


def ids(facts: Facts) -> Iterator[Violation]:
    """A user's id is on one chat of a room, for ever."""
    for room, events in facts.seen.items():
        first: dict[tuple[object, object], int] = {}
        for seq in sorted(events):
            chat = events[seq][0].data
            key = (chat.get("username"), chat.get("id"))
            if "id" in chat and "erased" not in chat and first.setdefault(key, seq) != seq:
                yield Violation("once", f"{key} is in {room} at seqs {first[key]} and {seq}")
