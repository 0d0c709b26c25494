"""How the peers of the table want to be spoken to."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Final

from bench.dialects import NODE, Dialect, Said

NATS_STREAM: Final = "CHAT"
NATS_CONNECT: Final = 'CONNECT {"verbose":false,"pedantic":false,"echo":true,"protocol":1}\r\n'


def _socketio_join(room: str, username: str) -> str:
    return "42" + json.dumps(["join", {"room": room, "username": username}])


def _socketio_chat(said: Said) -> str:
    return f'42["chat",{{"message":"{said.text}"}}]'


def _nats_join(room: str, username: str) -> str:
    subjects = f"SUB {_subject(room)} 1\r\nSUB {_inbox(username)} 2\r\n"
    return f"{NATS_CONNECT}{subjects}PING\r\n"


def _nats_chat(said: Said) -> str:
    head = f"PUB {_subject(said.room)} {_inbox(said.username)} {len(said.text)}"
    return f"{head}\r\n{said.text}\r\n"


def _subject(room: str) -> str:
    """Return the subject of a room: those have no blanks."""
    return "room." + room.replace(" ", "-")


def _inbox(username: str) -> str:
    return "inbox." + username.replace(" ", "-")


def _centrifugo_join(room: str, username: str) -> str:
    subscribe = {"id": 2, "subscribe": {"channel": room}}
    presence = {"id": 3, "presence": {"channel": room}}
    return "\n".join(map(json.dumps, (subscribe, presence)))


def _centrifugo_chat(said: Said) -> str:
    data = f'{{"message":"{said.text}","username":"{said.username}"}}'
    return f'{{"id":4,"publish":{{"channel":"{said.room}","data":{data}}}}}'


NAIVE: Final = replace(NODE, path="/ws", joined=b'"type": "users"')
SOCKETIO: Final = Dialect(
    "/socket.io/?EIO=4&transport=websocket",
    _socketio_join,
    b'["users"',
    _socketio_chat,
    acknowledges=False,
    login=("40", b"40{"),
)
NATS: Final = Dialect(
    "/",
    _nats_join,
    b"PONG",
    _nats_chat,
    acknowledges=True,
    ack=f'"stream":"{NATS_STREAM}"'.encode(),
)
CENTRIFUGO: Final = Dialect(
    "/connection/websocket",
    _centrifugo_join,
    b'"presence":',
    _centrifugo_chat,
    acknowledges=True,
    ack=b'"publish":{}',
    login=('{"id":1,"connect":{}}', b'"connect":'),
)
