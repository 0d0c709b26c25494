"""The logs of irclogs.ubuntu.com: ``[HH:MM] <name> text``, and ``===`` for the server's lines."""

from __future__ import annotations

import re
from typing import Final

from chatlog.formats.announcements import announced
from chatlog.formats.dialects import Dialect
from chatlog.formats.lines import Line, Meaning, Perhaps, acted, said
from chatlog.formats.stamps import match_timed

_TIMED: Final = re.compile(
    r"\[(\d\d:\d\d(?: ?[AaPp][Mm])?)\](?: (?:<([^>]+)>(?: (.*))?| \* ([^ ]+)(?: (.*))?|.*))?",
    re.DOTALL,
)


def _parse(text: str) -> Line:
    if text.startswith("==="):
        sentence = text[3:].strip(" ")
        what: Meaning = announced(sentence)
        if what is None and sentence:
            what = Perhaps(text[4:])
        return Line(None, what, text, is_announced=True)
    if (timed := match_timed(_TIMED, text)) is None:
        return Line(None, None, text)
    found, stamp = timed
    if found[2] is not None:
        return Line(stamp, said(found[2], found[3] or ""), text)
    if found[4] is not None:
        return Line(stamp, acted(found[4], found[5] or ""), text)
    return Line(stamp, None, text)


IRC: Final = Dialect("irc", "ubuntu's", "[10:00] <ann> hello", _parse)
