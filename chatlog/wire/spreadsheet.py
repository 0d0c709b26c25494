"""Write events as rows of a CSV file that is safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
import unicodedata
from datetime import UTC, tzinfo
from typing import Any, Final

from chatlog.domain.zones import on_clock
from chatlog.kinds import registry
from chatlog.kinds.event import Recorded

FIRST_COLUMNS: Final = ("room", "seq", "at", "type", "username")
LAST_COLUMNS: Final = ("erased", "hash", "via")
COLUMNS: Final = (*FIRST_COLUMNS, *registry.COLUMNS, *LAST_COLUMNS)

BOM: Final = "\ufeff".encode()
"""The byte order mark, which some spreadsheets need to recognise UTF-8."""

_TIMES: Final = ("at", "last_seen_at", "until")

# A spreadsheet takes a cell that begins like this for a formula, and runs it. Some skip what
# is not shown before it, and fold wide, small and raised forms (NFKC) to these.
_FORMULA: Final = frozenset("=+-@")
_BREAKS: Final = ("\t", "\r", "\n")
_NOT_SHOWN: Final = frozenset({"Cc", "Cf", "Zl", "Zp", "Zs"})


def header_row() -> bytes:
    """Return the first line: the column names."""
    return _line(dict(zip(COLUMNS, COLUMNS, strict=True)))


def row_of(recorded: Recorded, zone: tzinfo = UTC) -> bytes:
    """Return an event's line, in UTF-8, with its end; times are local to the zone."""
    values = _values(recorded)
    clock = {name: on_clock(at, zone) for name in _TIMES if (at := values.get(name))}
    return _line({name: _cell(value) for name, value in (values | clock).items()})


def defused(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula: a risky one begins with ``'``."""
    shown = next((char for char in text if unicodedata.category(char) not in _NOT_SHOWN), "")
    is_formula = unicodedata.normalize("NFKC", shown)[:1] in _FORMULA
    return f"'{text}" if is_formula or text.startswith(_BREAKS) else text


def _cell(value: object) -> str:
    if value is None:
        return ""
    return defused(value) if isinstance(value, str) else str(value)


def _values(recorded: Recorded) -> dict[str, Any]:
    event = recorded.event
    is_nameless = any(user.name is None for user in event.everybody)
    is_erased = is_nameless or (event.is_message and event.text is None)
    return {
        "room": recorded.room,
        "seq": recorded.seq,
        "at": recorded.at,
        "type": event.type,
        "username": event.shown_as,
        "erased": "yes" if is_erased else "",
        "hash": recorded.hash.hex(),
        "via": recorded.via,
        **event.cells(),
    }


def _line(cells: dict[str, str]) -> bytes:
    out = io.StringIO(newline="")
    # Every cell is quoted: otherwise `x;=1+1` is two cells where semicolons separate cells.
    csv.writer(out, quoting=csv.QUOTE_ALL).writerow([cells.get(name, "") for name in COLUMNS])
    return out.getvalue().encode()
