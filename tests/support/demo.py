"""Run ``chatlog demo`` as a process of its own, on a free port."""

from __future__ import annotations

import asyncio
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

START_SECONDS = 30.0


@dataclass(slots=True)
class Demo:
    """The command as a process of its own, and what it printed before it served."""

    process: asyncio.subprocess.Process
    said: str

    @property
    def url(self) -> str:
        found = re.search(r"http://127\.0\.0\.1:\d+", self.said)
        assert found is not None, self.said
        return found[0]

    async def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        async with asyncio.timeout(10):
            return await self.process.wait()


@asynccontextmanager
async def demo(folder: Path, *flags: str) -> AsyncIterator[Demo]:
    """Run the demo with ``folder`` for its temporary files."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "chatlog", "demo", "--port", "0", *flags),
        stdout=asyncio.subprocess.PIPE,
        env={"TMPDIR": str(folder), "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START_SECONDS):
            said = [(await process.stdout.readline()).decode() for _ in range(3)]
        yield Demo(process, "".join(said))
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
