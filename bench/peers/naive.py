"""A chat server written in an evening: one commit a message, one awaited send a member.

    python bench/peers/naive.py PORT FILE

One of the servers that ``python -m bench.table`` measures chatlog beside. It keeps its promises the
simple way: a message is durable in SQLite (``synchronous=FULL``) before anybody sees it.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from pathlib import Path

from aiohttp import WSMsgType, web


class Chat:
    def __init__(self, path: Path) -> None:
        self.rooms: dict[str, dict[web.WebSocketResponse, str]] = {}
        self.log = sqlite3.connect(path, isolation_level=None)
        self.log.execute("PRAGMA journal_mode=WAL")
        self.log.execute("PRAGMA synchronous=FULL")
        self.log.execute("CREATE TABLE messages (at REAL, room TEXT, username TEXT, message TEXT)")

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse(compress=False)
        await ws.prepare(request)
        room = username = ""
        try:
            async for frame in ws:
                if frame.type is not WSMsgType.TEXT:
                    continue
                command = json.loads(frame.data)
                if command["type"] == "join":
                    room, username = command["room"], command["username"]
                    members = self.rooms.setdefault(room, {})
                    await self.tell(room, {"type": "joined", "username": username})
                    members[ws] = username
                    await ws.send_json({"type": "users", "users": list(members.values())})
                elif command["type"] == "chat":
                    text = command["message"]
                    row = (time.time(), room, username, text)
                    self.log.execute("INSERT INTO messages VALUES (?, ?, ?, ?)", row)
                    told = {"type": "chat", "username": username, "message": text}
                    await self.tell(room, told)
        finally:
            if self.rooms.get(room, {}).pop(ws, None):
                await self.tell(room, {"type": "left", "username": username})
        return ws

    async def tell(self, room: str, frame: dict[str, str]) -> None:
        for member in list(self.rooms.get(room, {})):
            try:
                await member.send_str(json.dumps(frame))
            except ConnectionError:
                continue  # its own handler removes it


if __name__ == "__main__":
    app = web.Application()
    app.router.add_get("/ws", Chat(Path(sys.argv[2])).serve)
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)
