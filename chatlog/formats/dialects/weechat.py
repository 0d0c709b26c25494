"""WeeChat: date and time, a tab, a prefix (the name, ``-->``, ``<--``, `` *``), a tab, the text."""

from __future__ import annotations

import re
from typing import Final

from chatlog.formats.announcements import announced
from chatlog.formats.dialects import Dialect
from chatlog.formats.lines import SILENT, Line, Meaning, acted, said
from chatlog.formats.stamps import CLOCK, DATE, OFFSET, match_timed

_LINE: Final = re.compile(rf"((?:{DATE}[ T])?{CLOCK}{OFFSET}?) *\t([^\t]*)\t(.*)", re.DOTALL)
_PRESENCE: Final = frozenset({"-->", "<--", "→", "←", "—▶", "◀—"})
_NETWORK: Final = frozenset({"--", "=!=", "", "—"})


def _parse(text: str) -> Line:
    if (timed := match_timed(_LINE, text)) is None:
        return Line(None, None, text)
    found, stamp = timed
    prefix, rest = found[2].strip(" "), found[3]
    if prefix in _PRESENCE:
        return Line(stamp, announced(rest.strip()), text, is_announced=True)
    if prefix in _NETWORK:
        what: Meaning = announced(rest.strip())
        return Line(stamp, SILENT if what is None else what, text, is_announced=True)
    if prefix == "*":
        name, _, deed = rest.partition(" ")
        return Line(stamp, acted(name, deed), text)
    return Line(stamp, said(prefix, rest), text)


WEECHAT: Final = Dialect("weechat", "WeeChat's", "2020-01-02 10:00:00⇥ann⇥hello", _parse)
