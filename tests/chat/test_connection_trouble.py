"""What a client is told when the log is full, lost, unknown or cannot be read."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing

import pytest

from chatlog.domain.errors import OutcomeUnknown, Overloaded
from chatlog.eventlog.committing.committer import Done
from chatlog.kinds.command import Command
from chatlog.wire.frames import GOING_AWAY, TOO_SLOW
from tests.support.nodes import LocalClient, node_on, until


async def test_a_client_that_reads_no_answers_is_not_read_from_and_let_go(sqlite_url: str) -> None:
    async with node_on(sqlite_url, max_buffer_bytes=500, slow_seconds=0.02) as node:
        ada = LocalClient(node, keeps_up=False)
        for n in range(100):
            await ada.send("ping", id=str(n))
        assert ada.outlet.closed == (TOO_SLOW, b"")
        assert ada.outlet.unread <= 600


async def test_many_who_read_no_history_keep_nobody_from_reading_it(sqlite_url: str) -> None:
    async with node_on(
        sqlite_url, max_large_pages=2, max_buffer_bytes=2_000, slow_seconds=30
    ) as node:
        ada = LocalClient(node)
        await ada.join("general")
        for _ in range(20):
            await ada.send("chat", message="x" * 500)
        await until(lambda: len([f for f in ada.frames() if f["type"] == "chat"]) == 20)
        stuck = [LocalClient(node, keeps_up=False) for _ in range(5)]
        asking = [asyncio.create_task(c.send("history", room="general")) for c in stuck]
        await until(lambda: all(client.outlet.got for client in stuck))
        async with asyncio.timeout(2):
            await ada.send("history", room="general")
        page = await ada.until("history")
        assert page["events"]
        for client in stuck:
            client.outlet.read()
        await asyncio.gather(*asking)


async def test_a_line_that_is_full_is_overloaded(sqlite_url: str) -> None:
    async with node_on(sqlite_url) as node:
        ada = LocalClient(node)
        await ada.join("general")

        def full(_command: Command, _done: Done) -> None:
            raise Overloaded

        node.committer.submit = full  # type: ignore[method-assign,assignment]
        assert await ada.refusal("chat", message="x") == "overloaded"
        assert await ada.refusal("leave") == "overloaded"
        assert await ada.refusal("join", room="other", username="ada") == "overloaded"
        del node.committer.submit
        await ada.send("chat", message="y")
        assert (await ada.until("chat"))["seq"] == 2


async def test_an_unknown_outcome_is_said_and_settled_by_sending_again(sqlite_url: str) -> None:
    async with node_on(sqlite_url) as node:
        ada = LocalClient(node)
        await ada.join("general")
        submit = node.committer.submit

        def doubtful(command: Command, done: Done) -> None:
            submit(command, lambda _told: done(OutcomeUnknown()))

        node.committer.submit = doubtful  # type: ignore[method-assign]
        assert await ada.refusal("chat", message="x") == "outcome_unknown"
        node.committer.submit = submit  # type: ignore[method-assign]
        await ada.send("chat", message="x", id="refused")
        assert (await ada.until("ack"))["repeated"] is True


async def test_a_join_of_unknown_outcome_is_followed_by_a_leave(sqlite_url: str) -> None:
    async with node_on(sqlite_url) as node:
        ada, bob = LocalClient(node), LocalClient(node)
        await bob.join("general", "bob")
        submit = node.committer.submit

        def doubtful(command: Command, done: Done) -> None:
            node.committer.submit = submit  # type: ignore[method-assign]
            submit(command, lambda _told: done(OutcomeUnknown()))

        node.committer.submit = doubtful  # type: ignore[method-assign]
        assert await ada.refusal("join", room="general", username="ada") == "outcome_unknown"
        await bob.until("notification", event="leave", username="ada")
        assert await ada.refusal("chat", message="x") == "not_joined"
        await ada.join("general", "somebody else")


async def test_who_is_sent_away_is_told_to_come_back(sqlite_url: str) -> None:
    async with node_on(sqlite_url) as node:
        ada = LocalClient(node)
        ada.connection.go_away()
        assert ada.outlet.closed == (GOING_AWAY, b"")
        assert GOING_AWAY == 1001


async def test_a_log_that_cannot_be_read_is_unavailable(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with node_on(sqlite_url) as node:
        ada = LocalClient(node)
        await ada.join("general")
        path = node.database.backend.path  # type: ignore[attr-defined]
        await node.database._reader.dispose()
        away = path.rename(path.with_suffix(".away"))
        for command in ("history", "users"):
            assert await ada.refusal(command, room="nowhere") == "unavailable", command
        assert await ada.refusal("join", room="other", username="ada") == "unavailable"
        away.rename(path)
        await ada.send("history", room="general")
        assert json.dumps(await ada.until("history"))


def spoil(sqlite_url: str, seq: int) -> None:
    """Give an event a type that no chatlog knows."""
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as file, file:
        file.execute("DROP TRIGGER events_no_update")
        file.execute("PRAGMA ignore_check_constraints = 1")
        file.execute("UPDATE events SET type = 'riddle' WHERE seq = ?", (seq,))


@pytest.mark.parametrize("command", [{"type": "history"}, {"type": "join", "username": "bob"}])
async def test_what_cannot_be_read_is_an_error_and_the_connection_stays_open(
    sqlite_url: str, caplog: pytest.LogCaptureFixture, command: dict[str, str]
) -> None:
    async with node_on(sqlite_url) as node:
        ada = LocalClient(node)
        await ada.join("general")
        await ada.send("chat", message="two", id="c-2")
        await ada.until("ack")
    spoil(sqlite_url, 2)
    async with node_on(sqlite_url) as node:
        asker = LocalClient(node)
        await asker.send(**command, room="general", id="c-4")
        assert (await asker.until("error", id="c-4"))["code"] == "unavailable"
        await asker.send("ping", id="c-5")
        await asker.until("pong", id="c-5")
        await asker.join("other", username="bob")
    assert "Traceback" not in caplog.text
