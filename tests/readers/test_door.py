"""Whoever is shown content has passed the door: where it is shut, nobody is shown any."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from chatlog.domain.errors import Refused
from chatlog.kinds.chat import Post
from chatlog.kinds.join import Join
from chatlog.readers.askers import Asker, Claimant, Operator
from chatlog.readers.door import Door
from chatlog.settings import Settings
from chatlog.web import create_app
from chatlog.web.keys import RUNTIME
from tests.cli.command import refused
from tests.support.nodes import LocalClient, node_on

Asked = list[tuple[Asker, str | None]]

PATHS = (
    "/api/rooms",
    "/api/rooms/general/events",
    "/api/rooms/general/events?proof=true",
    "/api/rooms/general/events/2/witnesses",
    "/api/rooms/general/users",
    "/api/rooms/general/users?at=1",
    "/api/rooms/general/sessions",
    "/api/rooms/general/verify",
)
COMMANDS = (
    ("rooms",),
    ("users", "general"),
    ("history", "general"),
    ("tail", "general"),
    ("witnesses", "general", "1"),
    ("export", "general"),
    ("export", "general", "--format", "csv"),
)


@pytest.fixture
def shut(monkeypatch: pytest.MonkeyPatch) -> Iterator[Asked]:
    """Shut the door, and write down who asked for which room."""
    asked: Asked = []

    def admit(_door: Door, asker: Asker, room: str | None) -> None:
        asked.append((asker, room))
        raise Refused("room_unknown", "There is no room of this name.")

    with monkeypatch.context() as patched:
        patched.setattr(Door, "admit", admit)
        yield asked


async def fill(node: Any) -> None:
    await node.committer.append(Join("general", "s", "ada", backlog=0))
    await node.committer.append(Post("general", "s", "a secret"))


async def test_nothing_is_shown_over_http_behind_a_shut_door(sqlite_url: str, shut: Asked) -> None:
    app = create_app(Settings(database=sqlite_url))
    async with TestClient(TestServer(app)) as client:
        await fill(app[RUNTIME])
        for path in PATHS:
            async with client.get(path) as reply:
                assert (reply.status, "secret" in await reply.text()) == (404, False), path
    assert [asker for asker, _ in shut] == [Claimant()] * len(PATHS)
    assert {room for _, room in shut} == {None, "general"}


async def test_nothing_is_shown_over_a_socket_behind_a_shut_door(
    sqlite_url: str, shut: Asked
) -> None:
    async with node_on(sqlite_url) as node:
        await fill(node)
        eve = LocalClient(node)
        for command in ("history", "users"):
            assert await eve.refusal(command, room="general") == "room_unknown"
        assert await eve.refusal("join", room="general", username="eve") == "room_unknown"
        assert b"secret" not in bytes(eve.outlet.got)
    assert shut == [
        (Claimant(), "general"),
        (Claimant(), "general"),
        (Claimant("eve"), "general"),
    ]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_nothing_is_shown_in_the_shell_behind_a_shut_door(
    sqlite_url: str, shut: Asked, command: tuple[str, ...]
) -> None:
    assert "There is no room of this name." in refused(*command, "--database", sqlite_url)
    assert {asker for asker, _ in shut} == {Operator()}
