"""Two servers on one PostgreSQL behind the proxies of docs/deploy: one stops, the other is killed.

Half of the clients know nginx alone, half HAProxy. One that is cut connects again, with the last
event that it has, and gets to whichever server is there.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from tests.flows.conftest import Serve
from tests.support.checker import assert_holds
from tests.support.client import Client
from tests.support.clients import Clients
from tests.support.record import Record
from tests.support.server import Server, free_port, until

from .blocks import DEPLOY, block, moved
from .proxying import haproxy_on, nginx_on, running

ROOM = "general"
EACH = 4
"""Clients behind each proxy, which it spreads evenly."""
ADDRESSES = ("172.28.0.11:8080", "172.28.0.12:8080")
Proxy = Callable[[Path, int, list[Server]], list[str]]


def places(servers: list[Server]) -> dict[str, str]:
    return {
        there: f"127.0.0.1:{server.port}" for there, server in zip(ADDRESSES, servers, strict=True)
    }


def nginx(folder: Path, port: int, servers: list[Server]) -> list[str]:
    text = (DEPLOY / "nginx.conf").read_text()
    here = {"listen 8000": f"listen 127.0.0.1:{port}", "processes auto": "processes 2"}
    return nginx_on(folder, moved(text, here | places(servers)))


def haproxy(folder: Path, port: int, servers: list[Server]) -> list[str]:
    text = (DEPLOY / "haproxy.cfg").read_text()
    here = {"bind :8000": f"bind 127.0.0.1:{port}"}
    # Of this machine's limit; the file says how many files this number needs.
    fewer = {"maxconn 40000": "maxconn 400"}
    return haproxy_on(folder, moved(text, here | fewer | places(servers)))


async def connections(server: Server) -> int:
    async with aiohttp.ClientSession() as http, http.get(f"{server.url}/metrics") as answer:
        found = re.search(r"^chatlog_connections (\d+)", await answer.text(), re.MULTILINE)
        assert found is not None
        return int(found[1])


@dataclass(slots=True)
class Talker:
    """A person whose client connects through one proxy, again and again."""

    name: str
    clients: Clients
    client: Client | None = None

    @property
    def now(self) -> Client:
        assert self.client is not None
        return self.client

    @property
    def is_cut(self) -> bool:
        return self.now.connection.closed is not None

    async def join(self) -> None:
        self.client = await self.clients.connect(self.name)
        await self.client.join(ROOM)

    async def come_back(self) -> int | None:
        """Connect until a server takes it, as a client does, and resume; return how it was cut."""
        closed, last = self.now.connection.closed, self.now.last[ROOM]
        assert closed is not None
        await until(self._connects, 30, f"a server takes {self.name}")
        await self.now.resume(ROOM, last)
        return closed.code

    async def _connects(self) -> bool:
        try:
            self.client = await self.clients.connect(self.name)
        except aiohttp.ClientError:
            return False
        return True


async def all_come_back(talkers: list[Talker], cut: int) -> set[int | None]:
    """Wait until so many have been cut; bring them back; return how they were closed."""

    async def are_cut() -> bool:
        return sum(talker.is_cut for talker in talkers) == cut

    await until(are_cut, 20, f"{cut} clients are cut")
    return {await talker.come_back() for talker in talkers if talker.is_cut}


async def say(talkers: list[Talker], word: str) -> None:
    """Have everybody talk, and everybody get all of it."""
    acks = await asyncio.gather(*(one.now.chat(ROOM, f"{word} of {one.name}") for one in talkers))
    last = max(ack.seq for ack in acks)
    await asyncio.gather(*(one.now.wait_seq(ROOM, last) for one in talkers))


@pytest.mark.slow
async def test_clients_behind_proxies_outlive_a_stop_of_one_server_and_a_kill_of_the_other(
    serve: Serve, postgres_url: str, tmp_path: Path, program: Callable[[str], str]
) -> None:
    flags = ("--trusted-proxy", "127.0.0.1/32", "--lease-seconds", "3")
    servers = [await serve(postgres_url, "--node", name, *flags) for name in ("one", "two")]
    record, opened, talkers = Record(), list[Client](), list[Talker]()
    async with AsyncExitStack() as stack:
        for proxy in (nginx, haproxy):
            front = Server(postgres_url, tmp_path / "none", port=free_port())
            name, *arguments = proxy(tmp_path, front.port, servers)
            up = running([program(name), *arguments], f"{front.url}/readyz")
            await stack.enter_async_context(up)
            clients = await stack.enter_async_context(Clients(front, record, opened))
            talkers += [Talker(f"{n} behind {name}", clients) for n in range(EACH)]
            assert await status(f"{front.url}/metrics") == 404
        await asyncio.gather(*(talker.join() for talker in talkers))
        assert [await connections(server) for server in servers] == [EACH, EACH]
        await say(talkers, "first")
        assert await servers[0].stop() == 0
        assert await all_come_back(talkers, EACH) == {1001}
        await say(talkers, "second")
        await servers[0].start()
        await servers[1].kill()
        assert 1001 not in await all_come_back(talkers, len(talkers))
        assert await connections(servers[0]) == len(talkers)
        await say(talkers, "third")
        await clients.settle(ROOM, within=60)
    assert_holds(record, settled=True)


async def status(url: str) -> int:
    async with aiohttp.ClientSession() as http, http.get(url) as answer:
        return answer.status


def test_the_files_pass_on_what_the_proxies_of_one_server_do() -> None:
    passed = re.compile(r"^ +(proxy_set_header .*|proxy_http_version .*)$", re.MULTILINE)
    for line in passed.findall(block("nginx")):
        assert line in (DEPLOY / "nginx.conf").read_text()
    assert "option forwardfor" in (DEPLOY / "haproxy.cfg").read_text()
