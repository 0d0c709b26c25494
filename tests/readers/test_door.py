"""Whoever is shown content has passed the door: where it is shut, nobody is shown any.

What reads the log is held by an ``Admission``, which the door alone makes: no other module that
shows content has a function that reads it.
"""

from __future__ import annotations

import asyncio
import inspect
import pkgutil
import re
from collections.abc import Awaitable, Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

import chatlog
from chatlog.domain.errors import RoomUnknown
from chatlog.kinds.chat import Post
from chatlog.kinds.event_query import EventQuery
from chatlog.kinds.join import Join
from chatlog.readers.admission import Admission
from chatlog.readers.askers import Asker, Claimant, Operator
from chatlog.readers.door import Action, Door
from chatlog.readers.exporting import selected
from chatlog.settings import Settings
from chatlog.web import create_app
from chatlog.web.keys import RUNTIME
from chatlog.wire.events import size_of
from tests.cli.command import refused
from tests.support.nodes import LocalClient, migrated, node_on

Ask = Callable[[EventQuery], Awaitable[Any]]
Asked = list[tuple[Asker, Action, str | None]]

PATHS: dict[str, Action] = {
    "/api/rooms": "rooms",
    "/api/rooms/general/events": "read",
    "/api/rooms/general/events?proof=true": "proof",
    "/api/rooms/general/events/2/witnesses": "witnesses",
    "/api/rooms/general/users": "users",
    "/api/rooms/general/users?at=1": "users_at",
    "/api/rooms/general/sessions": "sessions",
    "/api/rooms/general/looks": "looks",
    "/api/rooms/general/verify": "verify",
}
COMMANDS = (
    ("rooms",),
    ("users", "general"),
    ("history", "general"),
    ("tail", "general"),
    ("follow", "--room", "general"),
    ("witnesses", "general", "1"),
    ("export", "general"),
    ("export", "general", "--format", "csv"),
    ("export-user", "ada"),
    ("verify", "general"),
)
SHOWING = ("chat", "cli", "web")
"""The packages that show content to somebody."""
READING = ("chatlog.audit", "chatlog.eventlog")
"""The packages whose functions read it, given a connection."""
UNADMITTED = {
    ("chatlog.cli.operating.rebuild", "chatlog.audit.verification.sessions.rebuild"): "a repair",
    ("chatlog.chat.rooms", "chatlog.eventlog.read"): "the live room, which its members share",
    ("chatlog.chat.rooms", "chatlog.eventlog.lookup"): "the same",
    ("chatlog.chat.rooms", "chatlog.eventlog.rights"): "the same",
    ("chatlog.chat.open_mode", "chatlog.eventlog.rights"): "whether there are any rights",
    ("chatlog.chat.log_clock", "chatlog.eventlog.read"): "the time of the newest event",
    (
        "chatlog.cli.reading.checkpoint",
        "chatlog.audit.evidence.checkpoint",
    ): "hashes of the whole log",
    ("chatlog.cli.reading.sql", "chatlog.audit.queries"): "SQL by an operator",
    ("chatlog.cli.reading.verify", "chatlog.audit.verification.ranges"): "a position",
    ("chatlog.cli.reading.verify", "chatlog.audit.verification.verify"): "the whole log",
}


@pytest.fixture
def shut(monkeypatch: pytest.MonkeyPatch) -> Iterator[Asked]:
    """Shut the door, and write down who asked for what of which room."""
    asked: Asked = []

    async def decide(
        _door: Door, asker: Asker, action: Action, room: str | None, _seq: int | None = None
    ) -> None:
        asked.append((asker, action, room))
        raise RoomUnknown

    with monkeypatch.context() as patched:
        patched.setattr(Door, "decide", decide)
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
    assert shut == [
        (Claimant(), action, None if action == "rooms" else "general") for action in PATHS.values()
    ]


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
        (Claimant(), "read", "general"),
        (Claimant(), "users", "general"),
        (Claimant("eve"), "join", "general"),
    ]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_nothing_is_shown_in_the_shell_behind_a_shut_door(
    sqlite_url: str, shut: Asked, command: tuple[str, ...]
) -> None:
    assert "There is no room of this name." in refused(*command, "--database", sqlite_url)
    assert {asker for asker, _, _ in shut} == {Operator()}


@pytest.mark.parametrize("command", [one for one in COMMANDS if "general" in one], ids=" ".join)
def test_a_room_that_nobody_made_is_one_error_in_every_command(
    sqlite_url: str, command: tuple[str, ...]
) -> None:
    asyncio.run(migrated(sqlite_url))
    said = refused(*command, "--database", sqlite_url)
    assert said == "chatlog: There is no room of this name.\n"


@pytest.mark.parametrize("package", SHOWING)
def test_what_shows_content_has_no_function_that_reads_it(package: str) -> None:
    found = {
        (module.__name__, of)
        for module in modules_of(f"chatlog.{package}")
        for of in readers_in(module)
    }
    assert found == {one for one in UNADMITTED if one[0].startswith(f"chatlog.{package}.")}


def modules_of(package: str) -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(import_module(package).__path__, f"{package}."):
        yield import_module(found.name)


def readers_in(module: ModuleType) -> Iterator[str]:
    """Name the modules that read the log of which this one has a function, or that it has whole."""
    for value in vars(module).values():
        is_module = isinstance(value, ModuleType) and readers_of(value)
        of = value.__name__ if is_module else getattr(value, "__module__", None)
        is_reader = is_module or takes_connection(value)
        if of is not None and is_reader and str(of).startswith(READING):
            yield str(of)


def readers_of(module: ModuleType) -> bool:
    return any(takes_connection(value) for value in vars(module).values())


def takes_connection(value: object) -> bool:
    """Return whether it is a function that is given a connection, or a database, to read from."""
    if not inspect.isroutine(value):
        return False
    of = inspect.get_annotations(value).values()
    return bool({"Connection", "AsyncConnection", "Database"} & set(map(str, of)))


def test_the_door_alone_admits() -> None:
    for file in sorted(Path(chatlog.__path__[0]).rglob("*.py")):
        if file.name != "door.py":
            assert not re.search(r"\bAdmission\(", file.read_text()), file
        if "web" in file.parts:
            assert not re.search(r"\bruntime\.database\b", file.read_text()), file


async def test_an_asker_reads_no_other_room_than_the_admitted_one(sqlite_url: str) -> None:
    async with node_on(sqlite_url) as node:
        await fill(node)
        admission = await node.door.admit(Claimant("eve"), "other", "read")
        for ask in (admission.locate, page_of(admission), tagged_page_of(admission)):
            with pytest.raises(ValueError, match="another room"):
                await ask(EventQuery(room="general"))


def page_of(admission: Admission) -> Ask:
    return lambda query: admission.page(query, max_bytes=10_000, size=size_of)


def tagged_page_of(admission: Admission) -> Ask:
    return lambda query: admission.versioned_page(
        query, known=(), max_bytes=10_000, size=size_of, proof=False
    )


async def test_for_an_asker_who_sees_it_from_a_seq_on_the_room_begins_there(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def decide(_door: Door, *_asked: object) -> tuple[int, int | None]:
        return 3, None

    monkeypatch.setattr(Door, "decide", decide)
    async with node_on(sqlite_url) as node:
        await fill(node)
        for text in ("b", "c", "d"):
            await node.committer.append(Post("general", "s", text))
        admission = await node.door.admit(Claimant("eve"), "general", "read")
        asked: list[dict[str, Any]] = [{}, {"after": 0}, {"around": 1}, {"after": 1, "limit": 3}]
        for ends in asked:
            query = EventQuery.beside("general", **{"limit": 50, **ends})
            for page in (
                await page_of(admission)(query),
                (await tagged_page_of(admission)(query)).page,
            ):
                assert [event.seq for event in page.events] == [3, 4, 5], ends
                assert (page.first, page.more_before) == (3, False)
            located = await admission.locate(query)
            events = [event.seq async for part in admission.events(located) for event in part]
            assert events == [3, 4, 5], ends
        before = await page_of(admission)(EventQuery.beside("general", before=3, limit=50))
        assert (before.events, before.more_before, before.more_after) == ([], False, True)
        with pytest.raises(ValueError, match="part of the room"):
            await admission.frames(1, 100)  # they would be for all members
        async with selected(admission, EventQuery(room="general"), tried=0) as export:
            seqs = [event.recorded.seq async for part in export.pages() for event in part.events()]
            assert (seqs, export.is_whole) == ([3, 4, 5], False)
