"""irssi: ``10:00 <@ann> hi``, ``10:00 -!- bob [~b@host] has joined #room``, ``--- Day changed``."""

from __future__ import annotations

import re
from typing import Final, Literal

from chatlog.formats.announcements import announced
from chatlog.formats.dialects import Dialect
from chatlog.formats.lines import SILENT, Header, Line, Undated, acted, said
from chatlog.formats.stamps import CLOCK, DATE, OFFSET, match_timed, written_out

_TIMED: Final = re.compile(
    rf"\[?((?:{DATE}[ T])?{CLOCK}{OFFSET}?)\]? (?:"
    r"(?P<server>-!- (?P<sentence>.*))"
    r"|<(?P<name>[^>]+)>(?: (?P<text>.*))?"
    r"| ?\* (?P<actor>\S+)(?: (?P<deed>.*))?"
    r"|(?P<silent>-[^ ]+- .*|\[[^\]]*\].*|!\S+ .*))",
    re.DOTALL,
)
_HEADERS: Final[tuple[tuple[str, Literal["opened", "closed", "day"]], ...]] = (
    ("--- Log opened ", "opened"),
    ("--- Log closed ", "closed"),
    ("--- Day changed ", "day"),
)


def _parse(text: str) -> Line:
    if text.startswith("--- "):
        return _header(text)
    if (timed := match_timed(_TIMED, text)) is None:
        return Line(None, None, text)
    found, stamp = timed
    if found["server"] is not None:
        return Line(stamp, announced(found["sentence"].strip()), text, is_announced=True)
    if found["name"] is not None:
        return Line(stamp, said(found["name"], found["text"] or ""), text)
    if found["actor"] is not None:
        return Line(stamp, acted(found["actor"], found["deed"] or ""), text)
    return Line(stamp, SILENT, text)


def _header(text: str) -> Line:
    for beginning, kind in _HEADERS:
        if text.startswith(beginning):
            at = written_out(text)
            return Line(None, Undated() if at is None else Header(kind, at), text)
    return Line(None, None, text)


IRSSI: Final = Dialect("irssi", "irssi's", "10:00 <@ann> hello", _parse)
