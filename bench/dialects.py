"""How each server wants to be spoken to. A new peer is one more entry here."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Dialect:
    """One server's way of joining and chatting."""

    path: str
    join: Callable[[str, str], str]
    """From room and username to the frame's text."""
    joined: bytes
    """What the answer to a join holds."""
    chat: Callable[[str, str], str]
    """From a unique id and the marked text to the frame's text."""
    acknowledges: bool
    token: Callable[[str], str] | None = None
    """From username to what proves it; None where a name is a claim."""


def _tutorial_join(room: str, username: str) -> str:
    return json.dumps({"type": "join", "room": room, "username": username})


def _chatlog_join(room: str, username: str) -> str:
    return json.dumps({"type": "join", "room": room, "username": username, "backlog": 0})


def _plain_chat(_: str, text: str) -> str:
    return f'{{"type":"chat","message":"{text}"}}'


def _chat_with_id(key: str, text: str) -> str:
    return f'{{"type":"chat","id":"{key}","message":"{text}"}}'


NODE = Dialect("/", _tutorial_join, b'"type":"users"', _plain_chat, acknowledges=False)
CHATLOG_NOID = Dialect("/ws", _chatlog_join, b'"caught_up"', _plain_chat, acknowledges=False)
CHATLOG = Dialect("/ws", _chatlog_join, b'"caught_up"', _chat_with_id, acknowledges=True)
