"""Run a proxy's real program on a configuration, once that program has checked it."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from tests.support.server import until

FOLDERS = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
"""
BODIES = """
client_body_temp_path {folder}/body;
proxy_temp_path {folder}/proxy;
fastcgi_temp_path {folder}/fastcgi;
uwsgi_temp_path {folder}/uwsgi;
scgi_temp_path {folder}/scgi;
"""
"""Of the block ``http``."""


def nginx_on(folder: Path, text: str) -> list[str]:
    """Write nginx's configuration; return the command that runs it."""
    path = folder / "nginx.conf"
    within = text.replace("http {", "http {" + BODIES.format(folder=folder), 1)
    path.write_text(FOLDERS.format(folder=folder) + within)
    return ["nginx", "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(path)]


def haproxy_on(folder: Path, text: str) -> list[str]:
    """Write HAProxy's configuration; return the command that runs it."""
    path = folder / "haproxy.cfg"
    path.write_text(text)
    return ["haproxy", "-db", "-f", str(path)]


@asynccontextmanager
async def running(command: list[str], probe: str, **options: object) -> AsyncIterator[None]:
    """Check a proxy's configuration, and run it until the block is left.

    ``probe`` is an address that answers 200 once the proxy passes requests on.
    """
    flag = "-t" if command[0].endswith("nginx") else "-c"
    checked = subprocess.run([*command, flag], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    process = await asyncio.create_subprocess_exec(*command)

    async def is_up() -> bool:
        assert process.returncode is None
        try:
            async with (
                aiohttp.ClientSession() as http,
                http.get(probe, **options) as answer,  # type: ignore[arg-type]
            ):
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    try:
        await until(is_up, 30, f"{command[0]} passes requests on")
        yield
    finally:
        process.terminate()
        await process.wait()
