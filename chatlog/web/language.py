"""Choose a page's language: the one that the browser likes best of those that are there."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

DEFAULT: Final = "en"
_MOST_WISHES: Final = 50


def choose_language(accepted: str, offered: Collection[str]) -> str:
    """Return the offered language that an ``Accept-Language`` header (RFC 9110, 12.5.4) prefers.

    ``de-AT`` is served by ``de`` unless there is a ``de-AT``; without a match it is English.
    """
    by_tag = {tag.lower(): tag for tag in offered}
    for wish in _wishes(accepted):
        parts = wish.split("-")
        for length in range(len(parts), 0, -1):
            if (found := by_tag.get("-".join(parts[:length]))) is not None:
                return found
        if wish == "*":
            break
    return DEFAULT


def _wishes(accepted: str) -> list[str]:
    """Return the tags in a header, the most wanted first."""
    weighted: list[tuple[float, int, str]] = []
    for item in accepted.lower().split(",")[:_MOST_WISHES]:
        tag, _, parameter = item.partition(";")
        weight = _weight(parameter.strip())
        if weight > 0:
            weighted.append((-weight, len(weighted), tag.strip()))
    return [tag for _, _, tag in sorted(weighted)]


def _weight(parameter: str) -> float:
    if not parameter:
        return 1.0
    try:
        return float(parameter.removeprefix("q="))
    except ValueError:
        return 0.0
