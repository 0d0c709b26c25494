"""A terminal to drive: a program in a tmux of its own."""

from __future__ import annotations

import asyncio
import os
import shlex
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from shutil import which

import pytest

SECONDS = 40.0

needs_tmux = pytest.mark.skipif(which("tmux") is None, reason="tmux is not installed")


class Terminal:
    """One pane, 100 characters wide."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    def tmux(self, *arguments: str) -> str:
        command = ("tmux", "-f", os.devnull, "-S", str(self._socket), *arguments)
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def type(self, text: str) -> None:
        self.tmux("send-keys", "-l", text)

    def press(self, key: str) -> None:
        self.tmux("send-keys", key)

    def enter(self, text: str) -> None:
        """Type a line, and press Enter."""
        self.type(text)
        self.press("Enter")

    def shown(self, *options: str) -> str:
        """Return what the pane shows and has shown, without blank lines."""
        text = self.tmux("capture-pane", "-p", "-S", "-", *options)
        return "\n".join(line.rstrip() for line in text.splitlines() if line.strip())

    async def shows(self, text: str) -> None:
        """Wait until the pane shows a text."""
        try:
            async with asyncio.timeout(SECONDS):
                while text not in self.shown():
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"not shown: {text}\n{self.shown()}") from None


@asynccontextmanager
async def terminal(folder: Path, *command: str, **environment: str) -> AsyncIterator[Terminal]:
    """Run a command in a terminal; at its end the terminal shows ``ended`` and the status."""
    pane = Terminal(folder / "tmux")
    given = [f"{name}={value}" for name, value in environment.items()]
    line = f"env {shlex.join([*given, *command])}; echo ended $?; sleep 600"
    pane.tmux("new-session", "-d", "-x", "100", "-y", "40", line)
    try:
        yield pane
    finally:
        pane.tmux("kill-server")
