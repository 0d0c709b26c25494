"""Searching the highest rate that a server keeps up with: by doubling, then by bisection."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

_CLOSE: Final = 1.1
_LOWEST: Final = 1 / 64
_HIGHEST: Final = 1 << 12


async def highest(keeps_up: Callable[[float], Awaitable[bool]], first: float) -> float:
    """Return the highest rate that passed, at most a tenth below one that did not.

    Begins with ``first``: doubles while rates pass, or halves until one does, and then tries the
    geometric mean of the best that passed and the least that did not. 0 where even a 64th of
    ``first`` does not pass; 4,096 times ``first`` is where it stops.
    """
    good, bad = 0.0, float("inf")
    rate = first
    while bad > good * _CLOSE and first * _LOWEST <= rate <= first * _HIGHEST:
        if await keeps_up(rate):
            good = rate
        else:
            bad = rate
        rate = _next(good, bad)
    return good


def _next(good: float, bad: float) -> float:
    if bad == float("inf"):
        return good * 2
    return (good * bad) ** 0.5 if good else bad / 2
