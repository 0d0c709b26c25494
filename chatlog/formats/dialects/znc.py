"""ZNC: ``[10:00:00] <ann> hi``, ``[10:00:00] *** Joins: bob (~bob@host)``; a file a day."""

from __future__ import annotations

import re
from typing import Final

from chatlog.formats.announcements import announced
from chatlog.formats.dialects import Dialect
from chatlog.formats.lines import SILENT, Line, acted, said
from chatlog.formats.stamps import DATE, match_timed

_LINE: Final = re.compile(
    rf"\[((?:{DATE}[ T])?\d\d:\d\d:\d\d(?:[.,]\d{{1,6}})?)\] (?:"
    r"<(?P<name>[^>]+)>(?: (?P<text>.*))?"
    r"|\* (?P<actor>\S+)(?: (?P<deed>.*))?"
    r"|\*\*\* (?P<sentence>.*)"
    r"|(?P<notice>-[^ ]+- .*))",
    re.DOTALL,
)


def _parse(text: str) -> Line:
    if (timed := match_timed(_LINE, text)) is None:
        return Line(None, None, text)
    found, stamp = timed
    if found["name"] is not None:
        return Line(stamp, said(found["name"], found["text"] or ""), text)
    if found["actor"] is not None:
        return Line(stamp, acted(found["actor"], found["deed"] or ""), text)
    if found["sentence"] is not None:
        return Line(stamp, announced(found["sentence"].strip()), text, is_announced=True)
    return Line(stamp, SILENT, text)


ZNC: Final = Dialect("znc", "ZNC's", "[10:00:00] <ann> hello", _parse)
