r"""Remove the formatting of mIRC and IRCv3 from a text, by its grammar.

A colour is ``\x03`` with at most two digits, optionally followed by a comma and at most two
digits; ``\x04`` is the same with six hexadecimal digits; the other codes stand alone
(modern.ircdocs.horse/formatting).
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_CODES: Final = re.compile(
    "\x03(?:[0-9]{1,2}(?:,[0-9]{1,2})?)?"
    "|\x04(?:[0-9A-Fa-f]{6}(?:,[0-9A-Fa-f]{6})?)?"
    "|[\x02\x0f\x11\x16\x1d\x1e\x1f]"
)


def plain(text: str) -> str:
    """Return a text without formatting and without control characters but tab."""
    if _is_plain(text):
        return text
    bare = _CODES.sub("", text)
    if _is_plain(bare):
        return bare
    return "".join(char for char in bare if char == "\t" or _is_storable(char))


def _is_plain(text: str) -> bool:
    # Every line of WeeChat and HexChat has a tab, and looking at each character takes 8 µs a line.
    return text.replace("\t", "").isprintable()


def _is_storable(char: str) -> bool:
    return unicodedata.category(char) not in ("Cc", "Cs")
