"""Intervals that hold a point, found among millions in the time that the answer takes.

An interval is a pair of seqs of one room: a session's stay (from its join to its leave)
or a join's replay (from where it began to the join). They are indexed by the class of
their length, the smallest k with ``length < 4^k``, and then by one end. An interval of
class k that holds a point has that end within 4^k of it, and of those found so at least
the ones within 4^(k-1) hold it: so what is looked at is no more than what held one of
four nearby points. Migration 0002 makes the indexes with the same expression, which is
how the databases recognise it.

Measured with a million closed sessions in a room (``bench/time_travel.py``): by an index
on the beginning alone 300 ms and more in the middle, so under 1 ms an answer of a few.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

CLASSES: Final = 20


def length_class(length: str) -> str:
    """Return the SQL of a length's class, byte for byte as in the indexes."""
    cases = " ".join(f"WHEN {length} < {4**k} THEN {k}" for k in range(1, CLASSES + 1))
    return f"(CASE {cases} ELSE {CLASSES + 1} END)"


STAY: Final = length_class("left_seq - joined_seq")
REPLAY: Final = length_class("joined_seq - replay_from")


def widths(head: int) -> list[tuple[int, int]]:
    """Return each class that a room of so many events can have, with its longest length."""
    classes = [(k, 4**k - 1) for k in range(1, CLASSES + 1)]
    needed = sum(4**k <= head for k, _ in classes) + 1
    return [*classes, (CLASSES + 1, head)][:needed]


def is_of_class(expression: str, number: int) -> sa.ColumnElement[bool]:
    """Return the condition that the interval's length is of this class."""
    return sa.literal_column(expression, sa.Integer()) == sa.literal_column(str(number))
