"""The dialects of IRC logs: each a module that turns a line's text into what it says.

A further one is a module here, an entry in ``recognise.DIALECTS``, which makes it a choice of
``--format``, and a row in docs/import.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chatlog.formats.lines import Line


@dataclass(frozen=True, slots=True)
class Dialect:
    """``parse`` takes a line without its end and formatting; ``example`` is a sample line."""

    name: str
    title: str
    example: str
    parse: Callable[[str], Line]
