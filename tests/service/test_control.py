"""The control socket: whoever asks is answered, whatever becomes of the command."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from chatlog.domain.errors import LogError
from chatlog.service import control


async def failing_with(error: Exception) -> dict[str, Any]:
    raise error


async def said_of(error: Exception, place: Path) -> str:
    handlers: dict[str, control.Handler] = {"fail": lambda: failing_with(error)}
    async with control.listening(place, handlers, Counter()):
        with pytest.raises(LogError) as answered:
            await control.ask(place, "fail", {})
    return str(answered.value)


async def test_a_file_that_the_server_cannot_read_is_named(tmp_path: Path) -> None:
    error = PermissionError(13, "Permission denied", "/somebody/irc.log")
    said = await said_of(error, tmp_path / "sock")
    assert said == "The server cannot use /somebody/irc.log: Permission denied."


@pytest.mark.parametrize("error", [RuntimeError("a bug"), RecursionError("too deep")])
async def test_a_command_that_fails_unexpectedly_is_answered(
    tmp_path: Path, error: Exception
) -> None:
    assert "could not carry this out" in await said_of(error, tmp_path / "sock")


async def test_a_request_without_end_is_answered(tmp_path: Path) -> None:
    async with control.listening(tmp_path / "sock", {}, Counter()):
        reader, writer = await asyncio.open_unix_connection(tmp_path / "sock")
        writer.write(b"[" * 100_000 + b"\n")
        assert b"error" in await reader.read()
        writer.close()
        await writer.wait_closed()


async def test_a_stop_cuts_off_whoever_asks_and_writes_no_traceback(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    began = asyncio.Event()

    async def wait() -> dict[str, Any]:
        began.set()
        await asyncio.Event().wait()
        return {}

    async with control.listening(tmp_path / "sock", {"wait": wait}, Counter()):
        asking = asyncio.create_task(control.ask(tmp_path / "sock", "wait", {}))
        await began.wait()
    with pytest.raises(LogError, match="outcome is unknown"):
        await asking
    assert caplog.records == []
