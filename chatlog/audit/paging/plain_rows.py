"""Recognise the row of a plain chat by the types of its columns.

Nine of ten events are chats, and nearly all have an author in an open session, a text that is still
there, and nothing else. Such a row needs none of the general path's decisions.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

_NUMBERS: Final = ("position", "room_id", "seq", "version", "node_id", "user_id", "is_topic")
_TEXTS: Final = ("at", "type", "session", "text", "own_text")
_BYTES: Final = ("hash", "text_commitment", "text_salt")

Types = tuple[type, ...]


def types_of_plain_chats(columns: Iterable[str]) -> tuple[Types, Types]:
    """Return the types of a plain chat's values in these columns, with its author's id and without.

    What is not listed above is NULL: further facts, details and contents.
    """
    held: dict[str, type] = dict.fromkeys(_NUMBERS, int)
    held |= dict.fromkeys(_TEXTS, str) | dict.fromkeys(_BYTES, bytes)
    names = tuple(columns)
    without_id, with_id = (
        tuple(known.get(name, type(None)) for name in names)
        for known in (held, held | {"client_id": str})
    )
    return with_id, without_id
