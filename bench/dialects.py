"""How each server wants to be spoken to. A new peer is one more entry here."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple


class Said(NamedTuple):
    """A chat to send."""

    room: str
    username: str
    key: str
    """Unique."""
    text: str
    """The marked text."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """One server's way of joining and chatting."""

    path: str
    join: Callable[[str, str], str]
    """From room and username to the frame's text."""
    joined: bytes
    """What the answer to a join holds."""
    chat: Callable[[Said], str]
    """From a chat to the frame's text."""
    acknowledges: bool
    token: Callable[[str], str] | None = None
    """From username to what proves it; None where a name is a claim."""
    ack: bytes = b'"type":"ack"'
    """What each acknowledgement of a chat holds."""
    login: tuple[str, bytes] | None = None
    """What is sent once before a join, and what the answer holds."""


def _tutorial_join(room: str, username: str) -> str:
    return json.dumps({"type": "join", "room": room, "username": username})


def _chatlog_join(room: str, username: str) -> str:
    return json.dumps({"type": "join", "room": room, "username": username, "backlog": 0})


def _plain_chat(said: Said) -> str:
    return f'{{"type":"chat","message":"{said.text}"}}'


def _chat_with_id(said: Said) -> str:
    return f'{{"type":"chat","id":"{said.key}","message":"{said.text}"}}'


NODE = Dialect("/", _tutorial_join, b'"type":"users"', _plain_chat, acknowledges=False)
CHATLOG_NOID = Dialect("/ws", _chatlog_join, b'"caught_up"', _plain_chat, acknowledges=False)
CHATLOG = Dialect("/ws", _chatlog_join, b'"caught_up"', _chat_with_id, acknowledges=True)
