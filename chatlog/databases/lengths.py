"""Find the intervals that contain a point, among millions, in time proportional to the answer.

An interval is a pair of seqs of one room: a session (from its join to its leave) or a join's
replay (from its first seq to the join). They are indexed by the class of their length, the
smallest k with ``length < 4^k``, and then by one end. An interval of class k that contains a
point has that end within 4^k of it; of the intervals found this way, at least those within
4^(k-1) contain it. So a search reads at most the intervals that contain one of four nearby
points. Migration 0002 creates the indexes with the same expressions, so that the databases use
them.

``bench/time_travel.py`` measures it. A million closed sessions in the room, SQLite, busy cores:
1 to 2 ms, where an index on the beginning alone takes 1.5 s in the middle, 5 s at the end.
"""

from __future__ import annotations

from typing import Final

CLASSES: Final = 20
_LONGEST: Final = 2**62  # events: no room has as many


def length_class(length: str) -> str:
    """Return the SQL for the class of a length, byte for byte as in the indexes."""
    cases = " ".join(f"WHEN {length} < {4**k} THEN {k}" for k in range(1, CLASSES + 1))
    return f"(CASE {cases} ELSE {CLASSES + 1} END)"


SESSION: Final = length_class("left_seq - joined_seq")
REPLAY: Final = length_class("joined_seq - replay_from")


def classes() -> list[tuple[int, int]]:
    """Return each class with its greatest length."""
    return [*((k, 4**k - 1) for k in range(1, CLASSES + 1)), (CLASSES + 1, _LONGEST)]
