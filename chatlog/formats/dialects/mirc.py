"""mIRC: ``[10:00] <@ann> hi`` and ``* ann waves``, in sessions with a date at their heads."""

from __future__ import annotations

import re
from typing import Final, Literal

from chatlog.formats.announcements import announced
from chatlog.formats.dialects import Dialect
from chatlog.formats.lines import SILENT, Header, Line, acted, said
from chatlog.formats.stamps import CLOCK, DATE, stamp_of, written_out

_LINE: Final = re.compile(
    rf"(?:[\[(]?((?:{DATE}[ T])?{CLOCK})[\])]? )?(?:"
    r"<(?P<name>[^>]+)>(?: (?P<text>.*))?"
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
    if found["name"] is not None:
        return Line(stamp, said(found["name"], found["text"] or ""), text)
    if found["sentence"] is None:
        return Line(stamp, SILENT, text)
    # Actions and the server's sentences begin alike: what is no sentence of his is an action.
    what = announced(found["sentence"].strip())
    if what is not None:
        return Line(stamp, what, text, is_announced=True)
    actor, _, deed = found["sentence"].partition(" ")
    return Line(stamp, acted(actor, deed), text)


def _header(text: str) -> Line:
    kind = _HEADERS.get(text.partition(":")[0])
    if kind is not None and (at := written_out(text)) is not None:
        return Line(None, Header(kind, at), text)
    return Line(None, SILENT if text.startswith("Session Ident") else None, text)


MIRC: Final = Dialect("mirc", "mIRC's", "[10:00] <@ann> hello", _parse)
