"""mIRC: ``[10:00] <@ann> hi`` and ``* ann waves``, in sessions with a date at their heads.

Its first versions, and clients like them, begin the server's sentences with ``***``.
"""

from __future__ import annotations

import re
from typing import Final, Literal

from chatlog.formats.announcements import announced, starred
from chatlog.formats.dialects import Dialect
from chatlog.formats.lines import SILENT, Header, Line, Undated
from chatlog.formats.stamps import CLOCK, DATE, stamp_of, written_out

_LINE: Final = re.compile(
    rf"(?:[\[(]?((?:{DATE}[ T])?{CLOCK})[\])]? )?(?:"
    r"<(?P<name>[^>]+)>(?: (?P<text>.*))?"
    r"|\*\*\* (?P<server>.*)"
    r"|\* (?P<sentence>[^ *].*)"
    r"|(?P<notice>-[^ !-][^ ]*- .*|-$))",
    re.DOTALL,
)
_HEADERS: Final[dict[str, Literal["opened", "closed", "day"]]] = {
    "Session Start": "opened",
    "Session Time": "day",
    "Session Close": "closed",
}


def _parse(text: str) -> Line:
    if text.startswith("Session "):
        return _header(text)
    found = _LINE.fullmatch(text)
    if found is None:
        return Line(None, None, text)
    stamp = None if found[1] is None else stamp_of(found[1])
    if stamp is None and found[1] is not None:
        return Line(None, None, text)
    if found["server"] is not None:
        return Line(stamp, announced(found["server"].strip()), text, is_announced=True)
    return starred(found, stamp, text)


def _header(text: str) -> Line:
    kind = _HEADERS.get(text.partition(":")[0])
    if kind is not None:
        at = written_out(text)
        return Line(None, Undated() if at is None else Header(kind, at), text)
    return Line(None, SILENT if text.startswith("Session Ident") else None, text)


MIRC: Final = Dialect("mirc", "mIRC's", "[10:00] <@ann> hello", _parse)
