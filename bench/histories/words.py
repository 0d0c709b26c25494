"""Things people might say: sentences of common words, the common ones often."""

from __future__ import annotations

from itertools import accumulate
from random import Random
from typing import Final

_COMMON: Final = """
the to a I is it you and in that of for on have my not be with this but do can if so are what
was just at or how as there get from no know like ok all will when an yes me use up now one out
any does then try here need your work want about they by thanks install server why has see we
running error file some which time new version problem help should think more could been did
"""
_WORDS: Final = _COMMON.split()


def sentences(random: Random, count: int = 20_000) -> list[str]:
    """Return so many sentences of 2 to 20 words."""
    weights = list(accumulate(1 / n for n in range(1, len(_WORDS) + 1)))
    lengths = random.choices(range(2, 21), k=count)
    return [" ".join(random.choices(_WORDS, cum_weights=weights, k=n)) for n in lengths]
