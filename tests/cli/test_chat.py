"""``chatlog chat`` with pipes: what it prints, posts and refuses."""

from __future__ import annotations

import asyncio
import re
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chatlog.client import EventFrame, connect
from tests.access.people import Issuer
from tests.cli.chatting import address_of, chatted, command, ended, line_with, started
from tests.flows.conftest import Serve, pytest_runtest_makereport, serve
from tests.support.server import free_port

__all__ = ["pytest_runtest_makereport", "serve"]

RAW = re.compile(r"[^\n -~]")


@pytest.fixture
async def url(sqlite_url: str) -> AsyncIterator[str]:
    async with address_of(sqlite_url) as url:
        yield url


async def logged(url: str) -> list[EventFrame]:
    """Return the room's events but those of the reader's own."""
    async with connect(url, username="reader") as chat:
        room = await chat.join("general")
        events = (await room.history(limit=100)).events
    return [event for event in events if event.username != "reader"]


async def said(url: str) -> list[str]:
    return [event.message for event in await logged(url) if event.type == "chat"]


async def test_lines_of_a_pipe_are_posted_one_by_one(url: str) -> None:
    text = "hello\n\n/who\n/etc/passwd changed\n//slash\r\nno end of line: größe"
    done = await chatted(text, "general", "--url", url, "--username", "ada")
    assert (done.status, done.err) == (0, "")
    events = await logged(url)
    assert [event.message for event in events if event.type == "chat"] == [
        "hello",
        "/etc/passwd changed",
        "//slash",
        "no end of line: größe",
    ]
    last = events[-1]
    assert last.type == "notification"
    assert last.cause == "left"
    lines = done.out.splitlines()
    assert lines[0].endswith(", times in UTC")
    assert re.fullmatch(r"\[\d\d:\d\d\] \* ada joined\.", lines[1])
    assert lines.count("* 1 person here: ada") == 2
    assert re.fullmatch(r"\[\d\d:\d\d\] \* ada left\.", lines[-1])


async def test_a_file_is_posted_as_a_pipe_is(url: str, tmp_path: Path) -> None:
    file = tmp_path / "lines"
    file.write_text("".join(f"line {number}\n" for number in range(120)))
    with file.open() as lines:
        process = await asyncio.create_subprocess_exec(
            *command("general", "--url", url, "--username", "ada"),
            stdin=lines,
            stdout=asyncio.subprocess.DEVNULL,
        )
        assert await asyncio.wait_for(process.wait(), 60) == 0
    assert (await said(url))[-1] == "line 119"


async def test_what_is_refused_is_said_and_the_rest_is_posted(url: str) -> None:
    text = "fine\nto\x07o bad\n" + "x" * 9_000 + "\nfine too\n"
    done = await chatted(text, "general", "--url", url, "--username", "ada")
    assert (done.status, done.err) == (2, "chatlog: 2 messages not sent.\n")
    assert "* Not sent: to\\x07o bad" in done.out
    assert "(message_too_long)" in done.out
    assert await said(url) == ["fine", "fine too"]


async def test_history_comes_first_and_nobody_writes_a_line_that_is_anothers(
    url: str,
) -> None:
    async with connect(url, username="eve") as chat:
        room = await chat.join("general")
        await room.send("too old")
        await room.send("mine\n[17:01] bob: and not his\n\u202e\u2066")
        done = await chatted("", "general", "--url", url, "--username", "ada", "--backlog=1")
    lines = [
        line.removeprefix(line[:8]) if line[0] == "[" else line for line in done.out.splitlines()
    ]
    assert lines[1:4] == [
        "eve: mine",
        "        | [17:01] bob: and not his",
        "        | \\u202e\\u2066",
    ]
    assert lines[4:6] == ["* ada joined.", "* 2 people here: ada, eve"]
    assert not RAW.search(done.out)


async def test_an_interrupt_leaves_the_room_in_the_log(url: str) -> None:
    process = await started("general", "--url", url, "--username", "ada")
    await line_with(process, "1 person here")
    process.send_signal(signal.SIGINT)
    done = await ended(process)
    assert (done.status, done.err) == (0, "")
    last = (await logged(url))[-1]
    assert last.type == "notification"
    assert last.cause == "left"


async def test_a_lost_server_is_waited_for_and_nothing_is_lost(
    serve: Serve, sqlite_url: str
) -> None:
    server = await serve(sqlite_url)
    process = await started("general", "--url", server.url, "--username", "ada")
    assert process.stdin is not None
    await line_with(process, "1 person here")
    await server.kill()
    await line_with(process, "* Disconnected. ")
    process.stdin.write(b"while away\n")
    await server.start()
    await line_with(process, "* Connected again.")
    await line_with(process, "ada: while away")
    assert (await ended(process, b"")).status == 0
    assert await said(server.url) == ["while away"]


async def test_a_token_says_the_name_and_a_kick_ends_it(serve: Serve, tmp_path: Path) -> None:
    issuer = Issuer.at(tmp_path)
    server = await serve(f"sqlite:///{tmp_path}/chat.db", *issuer.flags)
    file = tmp_path / "token"
    file.write_text(issuer.token("u-bob", "bob") + "\n")
    async with connect(server.url, token=issuer.token("u-ada", "ada")) as ada:
        await ada.join("general")
        bob = await started("general", "--url", server.url, "--token-file", str(file))
        await line_with(bob, "2 people here: ada, bob")
        order = {"type": "kick", "room": "general", "subject": "u-bob", "reason": "enough"}
        await ada.ask(order)
        done = await ended(bob)
    assert done.status == 2
    assert done.err == "chatlog: ada removed you from general: enough\n"
    assert "* bob was removed by ada: enough" in done.out
    token = issuer.token("u-cyd", "cyd")
    done = await chatted("hi\n", "general", "--url", server.url, CHATLOG_TOKEN=token)
    assert (done.status, "cyd: hi" in done.out) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--url", "localhost:8080"), "--url: localhost:8080 is no address such as"),
        (("--username", "ada", "--token-file", "x"), "Give either --username or --token-file"),
        (("--url", f"http://127.0.0.1:{free_port()}"), "The server cannot be reached: Connection"),
        (("--token-file", "/nowhere/token"), "/nowhere/token: No such file"),
    ],
)
async def test_what_cannot_work_is_one_sentence(arguments: tuple[str, ...], sentence: str) -> None:
    done = await chatted("hi\n", "general", *arguments)
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith(f"chatlog: {sentence}")
    assert len(done.err.splitlines()) == 1


async def test_input_that_is_no_text_is_one_sentence(url: str) -> None:
    process = await started("general", "--url", url, "--username", "ada")
    done = await ended(process, b"fine\n\xff\xfe\n")
    assert (done.status, done.err) == (2, "chatlog: A line of the input is not UTF-8.\n")


async def test_a_reader_that_goes_away_is_no_failure(url: str) -> None:
    process = await started("general", "--url", url, "--username", "ada")
    await line_with(process, "1 person here")
    process._transport.get_pipe_transport(1).close()  # type: ignore[attr-defined]
    assert process.stdin is not None
    process.stdin.write(b"hello\n")
    assert process.stderr is not None
    assert await asyncio.wait_for(process.stderr.read(), 60) == b""
    assert await process.wait() == 0
