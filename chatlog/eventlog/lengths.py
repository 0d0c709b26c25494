"""Intervals that hold a point, found among millions in the time that the answer takes.

An interval is a pair of seqs of one room: a session's stay (from its join to its leave)
or a join's replay (from where it began to the join). They are indexed by the class of
their length, the smallest k with ``length < 4^k``, and then by one end. An interval of
class k that holds a point has that end within 4^k of it, and of those found so at least
the ones within 4^(k-1) hold it: so what is looked at is no more than what held one of
four nearby points. Migration 0002 makes the indexes with the same expressions, which is
how the databases recognise them.

``bench/time_travel.py`` measures it. A million closed sessions in the room, SQLite, busy cores:
1 to 2 ms, where an index on the beginning alone takes 1.5 s in the middle, 5 s at the end.
"""

from __future__ import annotations

from typing import Final

CLASSES: Final = 20
_LONGEST: Final = 2**62  # events: no room has as many


def length_class(length: str) -> str:
    """Return the SQL of a length's class, byte for byte as in the indexes."""
    cases = " ".join(f"WHEN {length} < {4**k} THEN {k}" for k in range(1, CLASSES + 1))
    return f"(CASE {cases} ELSE {CLASSES + 1} END)"


STAY: Final = length_class("left_seq - joined_seq")
REPLAY: Final = length_class("joined_seq - replay_from")


def classes() -> list[tuple[int, int]]:
    """Return each class with the greatest length in it."""
    return [*((k, 4**k - 1) for k in range(1, CLASSES + 1)), (CLASSES + 1, _LONGEST)]
