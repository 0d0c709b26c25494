"""Searching the highest rate that a server keeps up with: by growing steps, then by bisection."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

_CLOSE: Final = 1.1
_FIRST_STEP: Final = 1.2
_LONGEST_STEP: Final = 4.0
_RANGE: Final = 256.0


async def highest(keeps_up: Callable[[float], Awaitable[bool]], first: float) -> float:
    """Return the highest rate that passed, at most a tenth below one that did not.

    Begins with ``first``, an estimate. From there it goes up while rates pass, or down until one
    does, by a fifth, then by the square of that and so on. Then it tries the geometric mean of
    the best that passed and the least that did not. 0 where no rate down to ``first`` / 256
    passes; ``first`` × 256 is where it stops.
    """
    good, bad = 0.0, float("inf")
    rate, step = first, _FIRST_STEP
    while bad > good * _CLOSE and first / _RANGE <= rate <= first * _RANGE:
        if await keeps_up(rate):
            good = rate
        else:
            bad = rate
        rate = _next(good, bad, step)
        step = min(step**2, _LONGEST_STEP)
    return good


def _next(good: float, bad: float, step: float) -> float:
    if bad == float("inf"):
        return good * step
    return (good * bad) ** 0.5 if good else bad / step
