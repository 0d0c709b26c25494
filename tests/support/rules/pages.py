"""``history`` pages: contiguous where nothing filters, and true about what lies beyond."""

from collections.abc import Iterator

from tests.support.frames import Frame

from .facts import Attempt, Facts, Violation

LIMIT = 50
KINDS = ["chat", "join", "leave", "erasure"]


def pages(facts: Facts) -> Iterator[Violation]:
    """A page holds the events of its range that were asked for, all of them, in order."""
    for attempt in facts.attempts:
        page = attempt.answer
        if page is None or page.type != "history" or page.room not in facts.record.logs:
            continue
        for what in _faults(facts, attempt, page):
            yield Violation("pages", f"{attempt.connection.label}'s page {what}: {page.raw[:300]}")


def _faults(facts: Facts, attempt: Attempt, page: Frame) -> Iterator[str]:
    first, last = page.data.get("first"), page.data.get("last")
    seqs = [event.seq for event in page.events]
    if any(event.room != attempt.room for event in page.events):
        yield "holds events of another room"
    if seqs != sorted(set(seqs)):
        yield "is out of order"
    if len(seqs) > attempt.command.get("limit", LIMIT):
        yield "is longer than asked for"
    if first is None or last is None:
        if seqs:
            yield "is called empty and is not"
        return
    types = attempt.command.get("types", KINDS)
    if seqs != [seq for seq in range(first, last + 1) if _is_one(facts, page.room, seq, types)]:
        yield "does not hold just the events asked for of its range"
    if page.data.get("more_before") != _any(facts, page.room, range(1, first), types):
        yield "is wrong about what lies before it"
    beyond = range(last + 1, facts.head(page.room) + 1)
    if page.data.get("more_after") and not _any(facts, page.room, beyond, types):
        yield "is wrong about what lies after it"
    yield from _direction(attempt, first, last)


def _is_one(facts: Facts, room: str, seq: int, types: list[str]) -> bool:
    """Tell whether the event is of these types, or nobody saw it and it may be."""
    event = facts.event(room, seq)
    return event is None or event.data.get("event", event.type) in types


def _any(facts: Facts, room: str, seqs: range, types: list[str]) -> bool:
    return any(_is_one(facts, room, seq, types) for seq in seqs)


def _direction(attempt: Attempt, first: int, last: int) -> Iterator[str]:
    command = attempt.command
    if "after" in command and first != command["after"] + 1:
        yield f"begins at {first}, asked for what follows {command['after']}"
    if "before" in command and last >= command["before"]:
        yield f"ends at {last}, asked for what precedes {command['before']}"
    if "around" in command and first > command["around"]:
        yield f"begins at {first}, asked for what is around {command['around']}"
