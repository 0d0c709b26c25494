"""Skeletons of names: two names that look alike have the same one (Unicode TS #39, section 4).

A skeleton is for comparison only, never shown. It distinguishes case, as the standard does.
The data is in ``confusables.txt``. Decomposition is Python's: it leaves characters alone that are
newer than its own Unicode. A new version of either changes some skeletons, so those that are stored
(as keyed hashes, in ``databases/skeleton_keys.py``) are stored with ``data_version()``.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from chatlog.domain.names import name_key

UNICODE_VERSION: Final = "18.0.0"
"""The version of Unicode that ``confusables.txt`` was generated from."""

_DATA: Final = Path(__file__).with_name("confusables.txt")


def skeleton(name: str) -> str:
    """Return the skeleton of a name: 1 µs for eight characters of ASCII.

    The first call reads the data, in 10 ms.
    """
    seen = unicodedata.normalize("NFD", name).translate(_prototypes())
    return unicodedata.normalize("NFD", seen)


def skeleton_key(secret: bytes, name: str) -> bytes:
    """Return the keyed hash that an index holds instead of a name's skeleton.

    No username contains NUL, so that it differs from every key of a name.
    """
    return name_key(secret, "\0" + skeleton(name))


def data_version() -> str:
    """Return the versions of all that a skeleton depends on: the data, and Python's Unicode."""
    return f"{UNICODE_VERSION} {unicodedata.unidata_version}"


@cache
def _prototypes() -> dict[int, str | None]:
    """Return what each character looks like; None for one that is not seen at all."""
    table: dict[int, str | None] = {}
    ignorable: list[int] = []
    for line in _DATA.read_text(encoding="utf-8").splitlines():
        if line.startswith("ignorable "):
            ignorable.extend(_in_ranges(line.split()[1:]))
        elif not line.startswith("#"):
            prototype, _, chars = line.partition(" = ")
            looks = "".join(map(_char, prototype.split()))
            table.update(dict.fromkeys((int(char, 16) for char in chars.split()), looks))
    return table | dict.fromkeys(ignorable)


def _in_ranges(ranges: list[str]) -> Iterator[int]:
    for first, last in (written.split("-") for written in ranges):
        yield from range(int(first, 16), int(last, 16) + 1)


def _char(code: str) -> str:
    return chr(int(code, 16))
