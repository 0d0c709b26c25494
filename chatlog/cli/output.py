"""Print the output of commands: UTF-8 whatever the locale, and safe for terminals.

A file or a pipe gets lines of JSON and CSV unchanged. On a terminal, control and invisible
characters in them are escaped as in JSON; in text for people they are always escaped.
"""

from __future__ import annotations

import io
import json
import re
import sys
import unicodedata
from collections.abc import Iterable
from datetime import UTC, tzinfo
from typing import Any, BinaryIO, Final, TextIO

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from chatlog.domain.zones import on_clock

_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# What may stay on a terminal: ends of lines, and what is neither a control nor unknown ASCII.
_LINE_END_OR_OTHER: Final = re.compile(r"\r\n|[^\n\t -~]")
# Joins emoji; harmless, and written by half the world's phones.
_ZERO_WIDTH_JOINER: Final = "\u200d"
WIDE: Final = 200
"""Width of a table that is printed to a pipe or a file."""


def speak_utf8() -> None:
    """Make this process print UTF-8, whatever the locale."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def visible(text: str) -> str:
    """Return text with control and invisible characters as visible escapes."""
    if text.isprintable():
        return text
    return "".join(char if _is_shown(char) else _escape(char) for char in text)


def _is_shown(char: str) -> bool:
    return char == _ZERO_WIDTH_JOINER or unicodedata.category(char) not in _HIDDEN


def _escape(char: str) -> str:
    return " " if char == "\t" else char.encode("unicode_escape").decode()


def write_lines(lines: Iterable[bytes]) -> None:
    """Print lines of JSON."""
    write_text(line + b"\n" for line in lines)


def write_text(texts: Iterable[bytes]) -> None:
    """Print whole lines in UTF-8, including their ends; escaped on a terminal."""
    out = _binary(sys.stdout)
    guard = sys.stdout.isatty()
    for text in texts:
        out.write(guarded(text.decode()).encode() if guard else text)
    out.flush()


def guarded(text: str) -> str:
    """Return text of several lines with control characters escaped as in JSON."""
    return _LINE_END_OR_OTHER.sub(lambda found: _guard(found[0]), text)


def _guard(char: str) -> str:
    return char if char == "\r\n" or _is_shown(char) else json.dumps(char)[1:-1]


def say(sentence: str, *, err: bool = False) -> None:
    """Print one line for people, on stdout or on stderr."""
    click.echo(visible(sentence), err=err)


def _binary(stream: TextIO) -> BinaryIO:
    stream.flush()
    return stream.buffer


class _Console(Console):
    def on_broken_pipe(self) -> None:
        raise BrokenPipeError  # rich would end the process with 1


def console() -> Console:
    """Return the console for tables."""
    width = None if sys.stdout.isatty() else WIDE
    return _Console(file=sys.stdout, width=width, highlight=False, markup=False, emoji=False)


def table(*columns: str, **options: Any) -> Table:
    """Return an empty table that never truncates its cells."""
    made = Table(box=None, pad_edge=False, header_style="bold", **options)
    for column in columns:
        made.add_column(column, overflow="fold")
    return made


def cell(value: object) -> Text:
    """Return a value as a cell, safe to print."""
    return Text("" if value is None else visible(str(value)))


def moment(at: str, zone: tzinfo = UTC) -> str:
    """Return a time for people, to the second; with its offset, unless the zone is UTC.

    Without the offset, an hour of each autumn would be ambiguous.
    """
    if zone is UTC or not at:
        return f"{at[:10]} {at[11:19]}"
    local = on_clock(at, zone)
    return f"{local[:10]} {local[11:19]}{local[26:]}"
