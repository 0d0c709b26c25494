"""The logs of the benchmark: the same story at four lengths."""

from __future__ import annotations

from typing import Final

from bench.histories.shape import Shape

SIZES: Final = (10_000, 100_000, 1_000_000, 10_000_000)
POSTGRES_SIZES: Final = SIZES[:3]


def growing(events: int) -> Shape:
    """Return a shape whose rooms and people grow with the log, up to 100,000 and 50,000.

    The largest room has a tenth of the events, and half of the rooms fewer than twenty. The last
    server has stopped, so that nobody is left in a room.
    """
    return Shape(
        events=events,
        rooms=events // 100,
        users=max(100, min(50_000, events // 200)),
        days=max(1.0, min(500.0, events / 10_000)),
        present=8,
        crashes=2,
        redactions=max(3, min(2_000, events // 20_000)),
        erased_users=max(1, min(20, events // 200_000)),
        seed=1,
        stops=True,
    )
