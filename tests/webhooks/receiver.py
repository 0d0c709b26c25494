"""A receiver of webhooks on a real port, which answers as a test tells it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from standardwebhooks import Webhook

Answer = Callable[["Delivery"], int | web.StreamResponse | Awaitable[int]]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt as it arrived."""

    id: str
    body: bytes
    headers: dict[str, str]
    at: float

    @property
    def data(self) -> dict[str, Any]:
        data: dict[str, Any] = json.loads(self.body)["data"]
        return data

    @property
    def text(self) -> str:
        """The message of a chat, or the type of another event."""
        return str(self.data["message"] if self.data["type"] == "chat" else self.data["event"])

    def verified(self, secret: str) -> Any:
        """Check the signature as receivers do; return the body."""
        return Webhook(secret).verify(self.body, self.headers)


class Receiver:
    """``got`` are all attempts, ``taken`` the deliveries that were answered with 2xx."""

    def __init__(self) -> None:
        self.got: list[Delivery] = []
        self.taken: list[Delivery] = []
        self.answer: Answer = lambda _: 200
        self.url = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body, loop = await request.read(), asyncio.get_running_loop()
        headers = {name.lower(): value for name, value in request.headers.items()}
        delivery = Delivery(headers["webhook-id"], body, headers, loop.time())
        self.got.append(delivery)
        answer = self.answer(delivery)
        if isinstance(answer, Awaitable) and not isinstance(answer, web.StreamResponse):
            answer = await answer
        response = web.Response(status=answer) if isinstance(answer, int) else answer
        if 200 <= response.status < 300:
            self.taken.append(delivery)
        return response

    def texts(self) -> list[str]:
        """Return what was taken, in order."""
        return [delivery.text for delivery in self.taken]

    async def until(self, count: int, *, of: str = "taken") -> list[Delivery]:
        """Wait for a number of deliveries, taken or got."""
        found: list[Delivery] = getattr(self, of)
        async with asyncio.timeout(30):
            while len(found) < count:
                await asyncio.sleep(0.005)
        return found


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """Run a receiver."""
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/hook", receiver.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
        yield receiver
    finally:
        await runner.cleanup()


@asynccontextmanager
async def serving_raw(
    answer: Callable[[asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[tuple[str, list[bytes]]]:
    """Answer each request with bytes of a test's own; yield the address and the requests."""
    requests: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            requests.append(await reader.read(65_536))
            await answer(writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook", requests
    finally:
        server.close()
