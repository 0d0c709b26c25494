"""Recognise a log's dialect from its first lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from chatlog.formats.dialects import Dialect
from chatlog.formats.dialects.hexchat import HEXCHAT
from chatlog.formats.dialects.irc import IRC
from chatlog.formats.dialects.irssi import IRSSI
from chatlog.formats.dialects.mirc import MIRC
from chatlog.formats.dialects.weechat import WEECHAT
from chatlog.formats.dialects.znc import ZNC
from chatlog.formats.lines import Perhaps, Said

DIALECTS: Final = {dialect.name: dialect for dialect in (IRC, ZNC, IRSSI, WEECHAT, HEXCHAT, MIRC)}
FIRST_LINES: Final = 1_000


def recognise(lines: Sequence[str]) -> Dialect | None:
    """Return the dialect that recognises most of these lines; None if none does.

    Of several that understand as many, it is the one to which fewer are chats: a client
    that writes ``* bob (~bob@host) has joined`` does not mean an action.
    Where that is equal too, as in a file of chats alone, it is the first in order: seconds in
    brackets are ZNC's, as the others that may write them have headers.
    """
    best, found = (0, 0), None
    for dialect in DIALECTS.values():
        score = _score(dialect, lines)
        if score > best:
            best, found = score, dialect
    return found


def _score(dialect: Dialect, lines: Sequence[str]) -> tuple[int, int]:
    understood = announced = 0
    for line in lines:
        what = dialect.parse(line).what
        if what is not None and type(what) is not Perhaps:
            understood += 1
            announced += type(what) is not Said
    return understood, announced


def known_forms() -> str:
    """Return the known formats with examples, for people."""
    return ", ".join(f"{each.title} ({each.example})" for each in DIALECTS.values())
