"""How a made-up history looks: how many rooms and people, how long, what befalls them."""

from __future__ import annotations

from dataclasses import dataclass

DAY = 24 * 3600


@dataclass(frozen=True, slots=True)
class Shape:
    """Everything about a history but chance; with the seed it is the same every time.

    Rooms and people are drawn as in real chats: the n-th most popular one in proportion
    to 1/n. ``present`` is how many sessions a room of average popularity settles at.
    """

    events: int
    rooms: int
    users: int
    days: float
    present: int
    crashes: int
    redactions: int
    erased_users: int
    seed: int
    stops: bool = False
    """Whether the last server stops in the end: everybody leaves. Else it is still running."""


def usual(events: int, *, seed: int = 1) -> Shape:
    """Return a shape with everything in it, down to logs of a thousand events."""
    return Shape(
        events=events,
        rooms=max(4, min(1_000, events // 5_000)),
        users=max(20, min(50_000, events // 200)),
        days=max(1.0, min(730.0, events / 10_000)),
        present=8,
        crashes=max(2, min(50, events // 100_000)),
        redactions=max(3, min(2_000, events // 20_000)),
        erased_users=max(1, min(20, events // 200_000)),
        seed=seed,
    )
