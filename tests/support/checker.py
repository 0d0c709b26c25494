"""Judge a run by the promises, from only what clients did and saw.

``judge`` knows nothing of the server: it is given a ``Record`` and compares every frame,
answer and silence in it with the contract's promises. ``record.logs`` may hold rooms'
final logs as clients read them; the rules that need a whole log are quiet without.

``settled`` says that the run waited until nothing was under way any more before it ended:
then an open connection has all its answers and its rooms up to their heads, and whoever
is gone has left.
"""

from collections.abc import Callable, Iterator

from .record import Record
from .rules import log, outcomes, pages, presence, sessions
from .rules.facts import Facts, Violation, gather

__all__ = ["Violation", "assert_holds", "judge"]

Rule = Callable[[Facts], Iterator[Violation]]

RULES: tuple[Rule, ...] = (
    log.shapes,
    sessions.walk,  # before those that ask about sessions
    sessions.missing,
    sessions.own_ids,
    sessions.backlog,
    log.same_bytes,
    log.whole,
    log.times,
    log.hashes,
    log.ids,
    outcomes.acknowledged,
    outcomes.refused,
    outcomes.repeats,
    outcomes.invented,
    outcomes.order,
    outcomes.answered,
    presence.presence,
    pages.pages,
)


def judge(record: Record, *, settled: bool = False) -> list[Violation]:
    """List every broken promise in a run; an empty list is a run as it should be."""
    facts = gather(record, settled)
    return [violation for rule in RULES for violation in rule(facts)]


def assert_holds(record: Record, *, settled: bool = False) -> None:
    """Fail with the first broken promises, a line each."""
    violations = judge(record, settled=settled)
    lines = "\n".join(str(violation)[:600] for violation in violations[:10])
    assert not violations, f"{len(violations)} broken promises:\n{lines}"
