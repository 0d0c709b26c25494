"""HexChat and XChat: ``Jan 02 10:00:00 <ann>⇥hi``; the year stands in ``**** BEGIN LOGGING AT``."""

from __future__ import annotations

import re
from typing import Final, Literal

from chatlog.formats.announcements import starred
from chatlog.formats.dialects import Dialect
from chatlog.formats.lines import Header, Line, Undated
from chatlog.formats.stamps import CLOCK, DATE, match_timed, written_out

_LINE: Final = re.compile(
    rf"((?:(?:{DATE}|[A-Z][a-z]{{2}} +\d{{1,2}})[ T]+)?{CLOCK}) (?:"
    r"<(?P<name>[^>]+)>(?:[\t ](?P<text>.*))?"
    r"|\*[\t ](?P<sentence>.*)"
    r"|(?P<notice>-[^ \t!-][^ \t]*-[\t ].*|\[[^\]]*\][\t ].*|>[^<]*<[\t ].*))",
    re.DOTALL,
)
_HEADERS: Final[tuple[tuple[str, Literal["opened", "closed"]], ...]] = (
    ("**** BEGIN LOGGING AT ", "opened"),
    ("**** ENDING LOGGING AT ", "closed"),
)


def _parse(text: str) -> Line:
    if text.startswith("**** "):
        return _header(text)
    if (timed := match_timed(_LINE, text)) is None:
        return Line(None, None, text)
    found, stamp = timed
    return starred(found, stamp, text)


def _header(text: str) -> Line:
    for beginning, kind in _HEADERS:
        if text.startswith(beginning):
            at = written_out(text)
            return Line(None, Undated() if at is None else Header(kind, at), text)
    return Line(None, None, text)


HEXCHAT: Final = Dialect("hexchat", "HexChat's", "Jan 02 10:00:00 <ann>⇥hello", _parse)
