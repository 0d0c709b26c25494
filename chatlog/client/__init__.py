"""A client of the chatlog protocol, version 1, in Python, without the server.

::

    async with connect("ws://127.0.0.1:8080/ws", username="ada") as chat:
        room = await chat.join("general")
        async for event in room:
            if event.type == "chat" and event.message == "ping":
                await room.send("pong")

It hands out each event once, in order, over lost connections; sends again what was not answered,
under the same id; renews tokens. ``docs/clients.md`` says the rest. It imports nothing of the
server, and aiohttp and msgspec only.
"""

from chatlog.client.chat import Chat, connect
from chatlog.client.connection import Connected, ConnectionState, Waiting
from chatlog.client.errors import Unreachable
from chatlog.client.frames import (
    Ack,
    ChatFrame,
    ErasureFrame,
    EventFrame,
    JoinFrame,
    MemberFrame,
    PresenceFrame,
    RoomFrame,
    SessionFrame,
    UsersFrame,
)
from chatlog.client.inbox import Reset
from chatlog.client.room import Page, Room
from chatlog.client.settings import Limits
from chatlog.domain.errors import ChatlogError, Refused

__all__ = [
    "Ack",
    "Chat",
    "ChatFrame",
    "ChatlogError",
    "Connected",
    "ConnectionState",
    "ErasureFrame",
    "EventFrame",
    "JoinFrame",
    "Limits",
    "MemberFrame",
    "Page",
    "PresenceFrame",
    "Refused",
    "Reset",
    "Room",
    "RoomFrame",
    "SessionFrame",
    "Unreachable",
    "UsersFrame",
    "Waiting",
    "connect",
]
