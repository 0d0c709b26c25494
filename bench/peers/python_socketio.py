"""The chat of ``peers/socketio`` on python-socketio and aiohttp. It stores nothing.

One of the servers that ``python -m bench.table`` measures chatlog beside. Its argument is the port.
"""

from __future__ import annotations

import sys

import socketio
from aiohttp import web

# The load generator answers no pings of Engine.IO: an hour without them outlasts every run.
# Without async_handlers each client's events are handled one after the other, as on Node.
sio = socketio.AsyncServer(
    async_mode="aiohttp", transports=["websocket"], ping_interval=3600, async_handlers=False
)
rooms: dict[str, dict[str, str]] = {}
seats: dict[str, tuple[str, str]] = {}


async def join(sid: str, wanted: dict[str, str]) -> None:
    room, username = seats[sid] = wanted["room"], wanted["username"]
    await sio.enter_room(sid, room)
    members = rooms.setdefault(room, {})
    members[sid] = username
    await sio.emit("joined", username, to=room, skip_sid=sid)
    await sio.emit("users", list(members.values()), to=sid)


async def chat(sid: str, said: dict[str, str]) -> None:
    room, username = seats[sid]
    await sio.emit("chat", {"message": said["message"], "username": username}, to=room)


async def disconnect(sid: str, _: str) -> None:
    if sid in seats:
        room, username = seats.pop(sid)
        del rooms[room][sid]
        await sio.emit("left", username, to=room)


if __name__ == "__main__":
    app = web.Application()
    for handler in (join, chat, disconnect):
        sio.on(handler.__name__, handler)
    sio.attach(app)
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)
