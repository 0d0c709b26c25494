"""``history`` pages: contiguous where nothing filters, and true about what lies beyond."""

from collections.abc import Iterator

from tests.support.frames import Frame

from .facts import Attempt, Facts, Violation

LIMIT = 50


def pages(facts: Facts) -> Iterator[Violation]:
    """A page holds the events of its range, all of them, in order."""
    for attempt in facts.attempts:
        page = attempt.answer
        if page is None or page.type != "history":
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
    if "types" not in attempt.command:
        if seqs != list(range(first, last + 1)):
            yield "leaves out events of its range"
        if page.data.get("more_before") != (first > 1):
            yield "is wrong about what lies before it"
    yield from _direction(attempt, first, last)


def _direction(attempt: Attempt, first: int, last: int) -> Iterator[str]:
    command = attempt.command
    if "after" in command and first != command["after"] + 1:
        yield f"begins at {first}, asked for what follows {command['after']}"
    if "before" in command and last >= command["before"]:
        yield f"ends at {last}, asked for what precedes {command['before']}"
    if "around" in command and first > command["around"]:
        yield f"begins at {first}, asked for what is around {command['around']}"
