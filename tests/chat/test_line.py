"""The line to the log has an end, in commands and in bytes: what finds it full is refused."""

from __future__ import annotations

import pytest

from chatlog.domain.errors import Overloaded
from tests.support.nodes import LocalClient, node_on, until
from tests.support.notes.kind import WriteNote

CHAT = "x" * 8_000


async def test_a_line_that_is_full_of_long_chats_takes_no_more_until_they_are_written(
    sqlite_url: str,
) -> None:
    async with node_on(sqlite_url, max_waiting_bytes=20_000) as node:
        ada, bob = LocalClient(node), LocalClient(node)
        await ada.join("general")
        await bob.join("general", "bob")
        async with node.committer._turn:
            await ada.send("chat", message="first")
            await until(lambda: node.committer.waiting == 0)  # it waits for its turn alone
            for n in range(6):
                await ada.send("chat", message=CHAT, id=f"c-{n}")
            assert await bob.refusal("chat", message="x") == "overloaded"
            assert node.committer.waiting == 3
        await ada.until("ack", id="c-2")
        refused = [frame["id"] for frame in ada.frames() if frame["type"] == "error"]
        assert refused == ["c-3", "c-4", "c-5"]
        await bob.send("chat", message=CHAT, id="again")
        await bob.until("ack", id="again")
    texts = [frame["message"] for frame in ada.frames() if frame["type"] == "chat"]
    assert texts == ["first", CHAT, CHAT, CHAT, CHAT]


async def test_the_text_of_every_kind_of_command_counts(sqlite_url: str) -> None:
    async with node_on(sqlite_url, max_waiting_bytes=20_000) as node:
        note = WriteNote("general", "s", CHAT, of=(1,), colour="red")
        async with node.committer._turn:
            for _ in range(3):
                node.committer.submit(note, lambda _told: None)
            with pytest.raises(Overloaded):
                node.committer.submit(note, lambda _told: None)
