"""Run the real server as a process of its own: start, kill, start again, stop.

A ``Server`` keeps its port and database from one process to the next, so that clients come
back to the same address. What it prints goes to a file, shown when a test fails. ``shell``
is what a shell does before it becomes the server (``ulimit -n 100;``), ``module`` what Python
runs as the program, ``before`` the words before the command (``ip netns exec NAME``).
"""

import asyncio
import re
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from tests.support.forking import Forked, can_fork, fork

READY_SECONDS = 30.0


async def until(condition: Callable[[], Awaitable[bool]], within: float, what: str) -> None:
    """Wait until a condition of another process holds; it has no way to ring for us."""
    try:
        async with asyncio.timeout(within):
            while not await condition():
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"not within {within} s: {what}") from None


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@dataclass(slots=True)
class Server:
    database: str
    log: Path
    flags: tuple[str, ...] = ()
    port: int = 0
    shell: str = ""
    module: str = "chatlog"
    host: str = "127.0.0.1"
    before: tuple[str, ...] = ()
    process: asyncio.subprocess.Process | Forked | None = None

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def running(self) -> asyncio.subprocess.Process | Forked:
        assert self.process is not None, "the server was never started"
        return self.process

    async def start(self, within: float = READY_SECONDS) -> None:
        """Start a process on the same port and database, and wait until it is ready."""
        self.port = self.port or free_port()
        address = ("--host", self.host, "--port", str(self.port), "--database", self.database)
        served = ("serve", *address, *self.flags)
        if not self.shell and not self.before and self.module == "chatlog" and can_fork():
            with self.log.open("ab") as out:
                self.process = await fork(served, out=out.fileno(), err=out.fileno())
        else:
            self.process = await self._execute(served)
        await until(self.is_ready, within, f"a ready server\n{self.printed()}")

    async def _execute(self, served: tuple[str, ...]) -> asyncio.subprocess.Process:
        arguments = (sys.executable, "-m", self.module, *served)
        if self.shell:
            arguments = ("/bin/sh", "-c", f'{self.shell} exec "$@"', "sh", *arguments)
        with self.log.open("ab") as out:
            return await asyncio.create_subprocess_exec(
                *self.before, *arguments, stdin=asyncio.subprocess.DEVNULL, stdout=out, stderr=out
            )

    async def is_ready(self) -> bool:
        assert self.running.returncode is None, f"the server ended:\n{self.printed()}"
        try:
            async with aiohttp.ClientSession() as session, session.get(f"{self.url}/readyz") as r:
                return r.status == 200
        except aiohttp.ClientError:
            return False

    async def kill(self) -> None:
        """End it like a crash: no word, no clean-up."""
        if self.running.returncode is None:
            self.running.kill()
        await self.running.wait()

    async def stop(self, within: float = 5.0) -> int:
        """Ask it to end, as a service manager does; return its exit status."""
        self.running.send_signal(signal.SIGTERM)
        async with asyncio.timeout(within):
            return await self.running.wait()

    def memory_bytes(self, which: str = "VmRSS") -> int:
        """Return what the process holds in memory now, or (``VmHWM``) held at most."""
        status = Path(f"/proc/{self.running.pid}/status").read_text()
        found = re.search(rf"^{which}:\s+(\d+) kB", status, re.MULTILINE)
        assert found is not None
        return int(found[1]) * 1024

    def open_files(self) -> int:
        """Return how many files and sockets the process has open now."""
        return len(list(Path(f"/proc/{self.running.pid}/fd").iterdir()))

    def printed(self, lines: int = 80) -> str:
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])
