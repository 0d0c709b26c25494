"""nginx and HAProxy as docs/operations.md has them: TLS, a prefix, sockets, pages, HTTP.

The servers run with the settings that the page names. A subject has a slash and a percent sign,
which a proxy that decodes paths would lose.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import aiohttp
import pytest

from tests.access.people import Issuer, Socket, World
from tests.flows.conftest import Serve
from tests.support.certificates import authority_and_server
from tests.support.server import free_port

from .blocks import block, moved
from .proxying import haproxy_on, nginx_on, running

ROOM = "order #7 ü"
SUBJECT = "https://id.example/u%2F17"
NGINX = """
worker_processes 1;
events {{}}
http {{
    access_log off;
    {block}
}}
"""
Proxy = Callable[[Path, int, int], list[str]]
"""Writes a configuration for the ports of proxy and server; returns the command that runs it."""


def nginx(folder: Path, port: int, server: int) -> list[str]:
    """Write nginx's configuration."""
    text = moved(
        block("nginx", "/chat/"),
        {
            "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
            "/etc/ssl/chat.example": str(folder / "tls" / "server"),
            "127.0.0.1:8080": f"127.0.0.1:{server}",
        },
    )
    return nginx_on(folder, NGINX.format(block=text))


def haproxy(folder: Path, port: int, server: int) -> list[str]:
    """Write HAProxy's configuration, and its certificate and key in one file."""
    pem = folder / "both.pem"
    pem.write_text(
        "".join((folder / "tls" / f"server.{end}").read_text() for end in ("crt", "key"))
    )
    text = moved(
        block("haproxy"),
        {
            "bind :443": f"bind 127.0.0.1:{port}",
            "/etc/haproxy/chat.example.pem": str(pem),
            "127.0.0.1:8080": f"127.0.0.1:{server}",
        },
    )
    return haproxy_on(folder, text)


@pytest.mark.parametrize("proxy", [nginx, haproxy])
async def test_sockets_pages_and_http_pass_a_proxy_with_tls_and_a_prefix(
    proxy: Proxy, serve: Serve, sqlite_url: str, tmp_path: Path, program: Callable[[str], str]
) -> None:
    issuer = Issuer.at(tmp_path)
    root, _ = authority_and_server(tmp_path / "tls")
    context = ssl.create_default_context(cafile=str(root))
    port = free_port()
    flags = ("--trusted-proxy", "127.0.0.1/32", "--max-connections-per-address", "1")
    server = await serve(sqlite_url, *issuer.flags, *flags)
    name, *arguments = proxy(tmp_path, port, server.port)
    connector = aiohttp.TCPConnector(ssl=context, local_addr=("127.0.0.2", 0))
    async with (
        running([program(name), *arguments], f"https://localhost:{port}/chat/readyz", ssl=context),
        aiohttp.ClientSession(connector=connector) as http,
    ):
        world = World(f"https://localhost:{port}/chat", issuer, http)
        await chat(world, f"https://localhost:{port}")
        await look(world, port)


async def chat(world: World, origin: str) -> None:
    """Talk in a room over a socket of the page's own origin, and read it over HTTP."""
    ada = world.person("u-1", "ada")
    await ada.make(ROOM)
    await ada.appoint(ROOM, SUBJECT, "reader")
    members = await ada.get(f"/api/rooms/{quote(ROOM)}/members")
    assert f'"{SUBJECT}"' in members.text
    headers = {**ada.headers, "Origin": origin}
    async with world.http.ws_connect(f"{world.url}/ws", headers=headers) as ws:
        socket = Socket(ws)
        await socket.join(ROOM)
        await socket.chat(ROOM, "hello")
        headers["X-Forwarded-For"] = "192.0.2.9"  # an invention: it is still the same address
        async with world.http.ws_connect(f"{world.url}/ws", headers=headers) as second:
            assert await Socket(second).receive() is None
    answer = await ada.get(f"/api/rooms/{quote(ROOM, safe='')}/events?types=chat")
    assert [event["message"] for event in answer.body["events"]] == ["hello"]


async def look(world: World, port: int) -> None:
    """Get the page as a browser does: without the slash, then its script by a relative address."""
    nobody = world.holder(None)
    page = await nobody.get("")
    assert page.status == 200
    assert "<title>" in page.text
    asset = page.text.partition('src="')[2].partition('"')[0]
    assert not asset.startswith("/")
    assert (await nobody.get(f"/{asset}")).status == 200
    async with world.http.get(f"https://localhost:{port}/api/rooms") as outside:
        assert outside.status >= 400
        assert outside.headers.get("Server") != "chatlog"
