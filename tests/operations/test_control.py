"""The control socket: the asker learns what became of the command, and may give it up."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from chatlog.domain.errors import LogError
from chatlog.operations import control_socket as control

FULL = sa.exc.OperationalError("INSERT", {}, Exception("database or disk is full"))


class Work:
    """A command that waits for ever, or raises what it is given."""

    def __init__(self) -> None:
        self.began, self.given_up = asyncio.Event(), asyncio.Event()

    async def wait(self) -> dict[str, Any]:
        self.began.set()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self.given_up.set()
        return {}

    async def fail(self) -> dict[str, Any]:
        raise FULL

    @property
    def handlers(self) -> Mapping[str, control.Handler]:
        return {"wait": self.wait, "fail": self.fail}


@pytest.fixture
def socket(tmp_path: Path) -> Path:
    return tmp_path / "s"


async def test_what_nobody_waits_for_any_more_is_given_up(socket: Path) -> None:
    work = Work()
    async with control.listening(socket, work.handlers, Counter()):
        _, writer = await asyncio.open_unix_connection(socket)
        writer.write(json.dumps({"command": "wait", "arguments": {}}).encode() + b"\n")
        await work.began.wait()
        writer.close()
        await asyncio.wait_for(work.given_up.wait(), 10)


async def test_a_stop_gives_up_what_is_running_and_logs_no_trace(
    socket: Path, caplog: pytest.LogCaptureFixture
) -> None:
    work = Work()
    with caplog.at_level(logging.INFO):
        async with control.listening(socket, work.handlers, Counter()):
            asking = asyncio.create_task(control.ask(socket, "wait", {}))
            await work.began.wait()
        with pytest.raises(LogError, match="stopped before it answered"):
            await asking
    assert work.given_up.is_set()
    assert [record.getMessage() for record in caplog.records] == []


async def test_a_database_that_fails_is_told_to_the_asker(socket: Path) -> None:
    async with control.listening(socket, Work().handlers, Counter()):
        with pytest.raises(LogError, match=r"^The server could not do this: .*disk is full"):
            await control.ask(socket, "fail", {})


@pytest.mark.parametrize("request_", [b"[]", b"7", b"{}", b"[" * 100_000, b"\xff", b""])
async def test_what_is_no_command_is_answered(socket: Path, request_: bytes) -> None:
    async with control.listening(socket, Work().handlers, Counter()):
        reader, writer = await asyncio.open_unix_connection(socket)
        writer.write(request_ + b"\n")
        answer = json.loads(await reader.readline())
        writer.close()
    assert answer["error"].startswith("The server does not know this command")


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
    assert "could not complete this" in await said_of(error, tmp_path / "sock")
