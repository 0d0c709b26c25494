"""A cable between the browser and the server: a TCP proxy that a test cuts and plugs in."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field

from tests.support.server import free_port


@dataclass(slots=True)
class Cable:
    server_port: int
    port: int = field(default_factory=free_port)
    _listener: asyncio.Server | None = None
    _ends: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def plug_in(self) -> None:
        self._listener = await asyncio.start_server(self._carry, "127.0.0.1", self.port)

    async def cut(self) -> None:
        """Break every connection and take no new one."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        for end in self._ends:
            end.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.server_port)
            self._ends |= {writer, far_writer}
            await asyncio.gather(_pour(reader, far_writer), _pour(far_reader, writer))
            self._ends -= {writer, far_writer}


async def _pour(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await source.read(65_536):
            target.write(data)
            await target.drain()
    target.close()
