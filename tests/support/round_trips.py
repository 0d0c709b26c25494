"""Count the round trips between a node and its PostgreSQL, by the messages of the server."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

HEADER = 5
LAST = (b"Z", b"t")
"""ReadyForQuery ends each round trip, except for that of a Parse: there, the driver waits for
ParameterDescription."""


@dataclass(slots=True)
class RoundTrips:
    """Counts them; a node that is given ``url`` goes through here."""

    url: str
    count: int = 0

    async def carry(self, server: asyncio.StreamReader, node: asyncio.StreamWriter) -> None:
        """Pass messages on, each of which is a letter, its length and its content."""
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                header = await server.readexactly(HEADER)
                content = await server.readexactly(int.from_bytes(header[1:]) - 4)
                self.count += header[:1] in LAST
                node.write(header + content)
        node.close()


@asynccontextmanager
async def round_trips_to(url: str) -> AsyncIterator[RoundTrips]:
    """Listen where a PostgreSQL would, and pass everything on to the one of ``url``."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    real = f"{query['host'][0]}/.s.PGSQL.{query.get('port', ['5432'])[0]}"
    with tempfile.TemporaryDirectory(prefix="chatlog-trips-") as folder:
        trips = RoundTrips(parts._replace(query=f"host={quote(folder)}").geturl())

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            server, far = await asyncio.open_unix_connection(real)
            back = asyncio.create_task(trips.carry(server, writer))
            with suppress(ConnectionError):
                while data := await reader.read(65_536):
                    far.write(data)
            far.close()
            await back

        name = str(Path(folder) / ".s.PGSQL.5432")
        async with await asyncio.start_unix_server(accept, name) as server:
            yield trips
            server.close()
