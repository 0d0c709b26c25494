"""``chatlog chat`` as a person uses it: in tmux, typing while others write."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chatlog.client import connect
from tests.cli.chatting import address_of, command
from tests.flows.conftest import Serve, pytest_runtest_makereport, serve
from tests.support.tmux import needs_tmux, terminal

__all__ = ["pytest_runtest_makereport", "serve"]

pytestmark = needs_tmux


@pytest.fixture
async def url(sqlite_url: str) -> AsyncIterator[str]:
    async with address_of(sqlite_url) as url:
        yield url


def chat_of(url: str, *more: str) -> tuple[str, ...]:
    return command("general", "--url", url, "--username", "ada", *more)


async def test_a_line_that_is_being_typed_is_not_torn_by_those_that_arrive(
    url: str, tmp_path: Path
) -> None:
    async with (
        terminal(tmp_path, *chat_of(url)) as pane,
        connect(url, username="bob") as chat,
    ):
        await pane.shows("* 1 person here: ada\n")
        pane.type("half a li")
        room = await chat.join("general")
        await room.send("in between \u202e")
        await pane.shows("bob: in between \\u202e\n> half a li")
        pane.enter("ne")
        await pane.shows("ada: half a line\n>")
        assert pane.shown().count("half a li") == 1
        pane.enter("/who")
        await pane.shows("* 2 people here: ada, bob")
        pane.enter("/nonsense")
        await pane.shows("* There is no command /nonsense.")
        assert "\x1b[" not in pane.shown("-e"), "no colours, nothing bold"


async def test_a_lost_server_is_seen_and_what_was_typed_meanwhile_is_sent(
    serve: Serve, sqlite_url: str, tmp_path: Path
) -> None:
    server = await serve(sqlite_url)
    async with terminal(tmp_path, *chat_of(server.url)) as pane:
        await pane.shows("* 1 person here: ada\n")
        await server.kill()
        await pane.shows("* Disconnected. The server closed the connection (1006).")
        pane.enter("typed while away")
        await server.start()
        await pane.shows("* Connected again.")
        await pane.shows("ada: typed while away")


@pytest.mark.parametrize("keys", [("C-d",), ("C-c",), ("/leave", "Enter")], ids="+".join)
@pytest.mark.parametrize("more", [(), ("--plain",)], ids=["prompt", "plain"])
async def test_a_person_leaves_in_one_of_three_ways(
    url: str, tmp_path: Path, keys: tuple[str, ...], more: tuple[str, ...]
) -> None:
    async with terminal(tmp_path, *chat_of(url, *more)) as pane:
        await pane.shows("* 1 person here: ada")
        pane.enter("goodbye")
        await pane.shows("ada: goodbye")
        for key in keys:
            pane.press(key)
        await pane.shows("ended 0")
        assert "ada left." in pane.shown()
    async with connect(url, username="bob") as chat:
        room = await chat.join("general")
        left = (await room.history(types=["leave"])).events[-1]
    assert left.type == "notification"
    assert left.cause == "left"


async def test_a_terminal_that_can_do_nothing_gets_plain_lines(url: str, tmp_path: Path) -> None:
    async with terminal(tmp_path, *chat_of(url), TERM="dumb") as pane:
        await pane.shows("* 1 person here: ada")
        pane.enter("plainly")
        await pane.shows("ada: plainly")
        assert "> " not in pane.shown()
