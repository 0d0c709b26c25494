"""The column ``contents``: an event's erasable contents besides its text, each with its salt.

It is a JSON object by the contents' names. Erasing the event sets it to NULL, with the text and its
salt; the commitments to the contents stay in ``details``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from chatlog.kinds.event import Event, Hex16


class _Salted(msgspec.Struct):
    salt: Hex16
    content: str


_decode: Final = msgspec.json.Decoder(dict[str, _Salted]).decode


def column(event: Event, salts: Mapping[str, bytes]) -> str | None:
    """Return the column of an event, given the salts of its contents."""
    found = event.further_contents()
    salted = {name: _Salted(salts[name].hex(), content) for name, content in found.items()}
    return msgspec.json.encode(salted).decode() if salted else None


def contents_in(column: str | None) -> dict[str, str | None]:
    """Return the contents in a column.

    Raises:
        ValueError: if it is not what ``column`` returns.
    """
    if column is None:
        return {}
    return {name: salted.content for name, salted in _decode(column).items()}


def salts_in(column: str | None) -> dict[str, bytes]:
    """Return the contents' salts in a column.

    Raises:
        ValueError: if it is not what ``column`` returns.
    """
    if column is None:
        return {}
    return {name: bytes.fromhex(salted.salt) for name, salted in _decode(column).items()}
