"""Write events as a transcript to print: one HTML file that needs nothing else and runs nothing.

The browser repeats the head of the table on each printed page: the room, the range, and the head
of the room with its hash, which ties the paper to the log. Everything from the log is escaped.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from html import escape
from typing import Final

from chatlog.domain.zones import on_clock
from chatlog.kinds.event import Recorded

_STYLE: Final = """\
@page { size: A4; margin: 15mm 15mm 18mm;
        @bottom-right { content: counter(page) " / " counter(pages); } }
body { font: 10pt/1.4 "Liberation Serif", "Noto Serif", Georgia, serif;
       color: #000; background: #fff; margin: 1em auto; max-width: 180mm; }
table { border-collapse: collapse; width: 100%; table-layout: fixed; }
col.seq { width: 14mm; } col.at { width: 50mm; } col.name { width: 32mm; }
thead { display: table-header-group; }
th { text-align: left; font-weight: normal; border-bottom: 1px solid #000; padding: 0 0 2mm; }
th b { font-size: 12pt; }
th code { font-size: 8pt; overflow-wrap: anywhere; }
tr { break-inside: avoid; }
td { padding: 0.6mm 3mm 0.6mm 0; vertical-align: top; unicode-bidi: isolate; }
td.seq { text-align: right; color: #444; }
td.at { white-space: nowrap; font-size: 8.5pt; line-height: 1.65;
        font-variant-numeric: tabular-nums; }
td.name { font-weight: bold; overflow-wrap: anywhere; }
td.said { white-space: pre-wrap; overflow-wrap: anywhere; }
tr.event td { font-style: italic; font-weight: normal; color: #333; }
tr.erased td.said { text-decoration: underline dotted; }
@media print { body { margin: 0; max-width: none; } }
"""
_SECURITY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
)
TAIL: Final = b"</tbody></table></body></html>\n"


@dataclass(frozen=True, slots=True)
class Heading:
    """What each printed page says: ``selection`` in words, and the head that was read."""

    room: str
    selection: str
    head: int
    head_hash: str
    zone: str


def head_of(heading: Heading) -> bytes:
    """Return the beginning of the file, up to the first event."""
    room, selection = escape(heading.room), escape(heading.selection)
    return f"""\
<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_SECURITY}">
<meta name="viewport" content="width=device-width">
<title>Transcript of {room}</title>
<style>
{_STYLE}</style></head>
<body><table><col class="seq"><col class="at"><col class="name"><col>
<thead><tr><th colspan="4" scope="col"><b>Room <bdi>{room}</bdi></b><br>
<bdi>{selection}</bdi>. Times: {escape(heading.zone)}.<br>
Head: event {heading.head}, hash <code>{escape(heading.head_hash)}</code></th></tr></thead>
<tbody>
""".encode()


def row_of(recorded: Recorded, zone: tzinfo) -> bytes:
    """Return an event as a row: its seq, local time with offset, name, and what happened."""
    event, said = recorded.event, recorded.event.said()
    if not event.is_message and event.text and event.text not in said:
        said = f"{said}: {event.text}"
    is_erased = event.is_message and event.text is None
    kinds = " ".join(
        word for word, holds in (("event", not event.is_message), ("erased", is_erased)) if holds
    )
    cells = (
        ("seq", str(recorded.seq)),
        ("at", _clock(recorded.at, zone)),
        ("name", event.shown_as),
        ("said", said),
    )
    shown = "".join(f'<td class="{name}">{escape(text)}</td>' for name, text in cells)
    return f'<tr class="{kinds}">{shown}</tr>\n'.encode()


def _clock(at: str, zone: tzinfo) -> str:
    """Return a time for people: local, to the second, with its offset from UTC."""
    local = datetime.fromisoformat(on_clock(at, zone)).isoformat(sep=" ", timespec="seconds")
    return f"{local[:19]} {local[19:]}"
