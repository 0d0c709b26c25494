"""Read server-sent events, as the HTML Standard (section 9.2.6) says a browser does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

WAIT_SECONDS = 20.0


@dataclass(slots=True)
class Message:
    """One message, and the last id that the stream had given by then."""

    event: str
    data: Any
    id: str | None
    last_id: str


@dataclass(slots=True)
class Reader:
    """An open stream: the messages read so far, and the number of comments."""

    response: aiohttp.ClientResponse
    got: list[Message] = field(default_factory=list)
    comments: int = 0
    last_id: str = ""

    @property
    def seqs(self) -> list[int]:
        """The seqs of the events so far, in order."""
        return [message.data["seq"] for message in self.got if message.event == "message"]

    async def receive(self) -> Message | None:
        """Return the next message; None at the end."""
        fields: dict[str, str] = {}
        async with asyncio.timeout(WAIT_SECONDS):
            while line := await self.response.content.readline():
                name, _, value = line.decode().rstrip("\n").partition(":")
                if name:
                    fields[name] = value.removeprefix(" ")
                elif line == b"\n" and "data" in fields:
                    return self._keep(fields)
                elif line.startswith(b":"):
                    self.comments += 1
        assert not fields, "the stream ended within a message"
        return None

    def _keep(self, fields: dict[str, str]) -> Message:
        self.last_id = fields.get("id", self.last_id)
        given = fields.get("event", "message"), json.loads(fields["data"])
        self.got.append(Message(*given, fields.get("id"), self.last_id))
        return self.got[-1]

    async def next(self, event: str, /, **wanted: Any) -> Message:
        """Return the next message of this name whose frame has these fields."""
        while (message := await self.receive()) is not None:
            if message.event == event and wanted.items() <= message.data.items():
                return message
        raise AssertionError(f"the stream ended before {event} {wanted}: {self.got[-3:]}")

    async def rest(self) -> list[Message]:
        """Read to the end; return what was left."""
        before = len(self.got)
        while await self.receive() is not None:
            pass
        return self.got[before:]


@asynccontextmanager
async def reading(response: Any) -> AsyncIterator[Reader]:
    """Open a stream and yield its reader; at the end its client is gone."""
    async with response as opened:
        assert opened.status == 200, await opened.text()
        yield Reader(opened)
