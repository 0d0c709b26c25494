"""People in a simulation: each does one thing after the other, on one connection at a time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from chatlog.runtime import Runtime
from tests.support.frames import Frame
from tests.support.inside import InsideClient
from tests.support.record import Record


@dataclass(slots=True)
class Person:
    """``name`` may be another person's as well: then they are two tabs of one user."""

    label: str
    name: str
    nodes: list[Runtime]
    record: Record
    client: InsideClient | None = None
    chats: list[dict[str, str]] = field(default_factory=list)
    seen: dict[str, Frame] = field(default_factory=dict)
    _opened: int = 0
    _ids: int = 0
    _to_do: asyncio.Queue[tuple[str, dict[str, Any]]] = field(default_factory=asyncio.Queue)

    def plan(self, what: str, **how: Any) -> None:
        """Put something in line, to be done when what is before it is done."""
        self._to_do.put_nowait((what, how))

    async def live(self) -> None:
        while True:
            what, how = await self._to_do.get()
            await self._do(what, how)
            self._to_do.task_done()

    async def idle(self) -> None:
        """Wait until all that was planned is done."""
        await self._to_do.join()

    async def _do(self, what: str, how: dict[str, Any]) -> None:
        if what == "go":
            self._go()
            return
        client = self._here()
        if what == "join":
            await client.send("join", username=self.name, **how, id=self._id())
        elif what == "resume":
            await client.send("join", username=self.name, **how, **self._last(how["room"]))
        elif what == "chat":
            id = self._id()
            self.chats.append({**how, "message": f"text of {id}", "id": id})
            await client.send("chat", **self.chats[-1])
        elif what == "again":
            if self.chats:
                await client.send("chat", **self.chats[how["which"] % len(self.chats)])
        else:
            await client.send(what, **how, id=self._id())

    def _here(self) -> InsideClient:
        """Return the connection; a new one, to another node, where the last one has ended."""
        if self.client is None or not self.client.is_open:
            self._go()
            self._opened += 1
            node = self.nodes[self._opened % len(self.nodes)]
            label = f"{self.label} (connection {self._opened})"
            self.client = InsideClient(node, self.record, self.name, label)
        return self.client

    def _go(self) -> None:
        if self.client is not None:
            self._remember(self.client)
            self.client.gone()
            self.client = None

    def _remember(self, client: InsideClient) -> None:
        for frame in client.frames:
            if frame.is_event:
                self.seen[frame.room] = frame

    def _last(self, room: str) -> dict[str, Any]:
        if self.client is not None:
            self._remember(self.client)
        if (last := self.seen.get(room)) is None:
            return {"after": 0, "id": self._id()}
        return {"after": last.seq, "hash": last.data["hash"], "id": self._id()}

    def _id(self) -> str:
        self._ids += 1
        return f"{self.label}-{self._ids}"


async def read_log(reader: InsideClient, room: str) -> list[Frame] | None:
    """Page through a room's whole log; None for a room that nobody ever came into."""
    log: list[Frame] = []
    while True:
        page = await reader.ask("history", room=room, after=len(log), limit=500)
        if page.type == "error":
            assert page.data["code"] == "room_unknown", page.raw
            return None
        log += page.events
        if not page.data["more_after"]:
            return log
