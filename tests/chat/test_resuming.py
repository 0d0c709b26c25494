"""Many who resume in one room at once: the log is read once a page, not once a client."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from chatlog.delivery.pages import PAGE_EVENTS
from chatlog.kinds.chat import Post
from chatlog.kinds.event import Recorded
from chatlog.kinds.join import Join
from chatlog.readers import past_events
from chatlog.runtime import Runtime
from tests.support.nodes import LocalClient, node_on, until

CLIENTS = 25
CHATS = 555
"""Of the events, 256 are in recent frames: the rest, 300, is three pages."""
OLD_PAGES = 3
WHO = {"by": "operator", "reason": "asked to"}
SECRET = "the launch code is 0000"


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count readings of pages from the log, and events of the log encoded."""
    found: Counter[str] = Counter()

    def count(name: str) -> None:
        call = getattr(past_events, name)

        def counted(*args: Any) -> Any:
            found[name] += 1
            return call(*args)

        monkeypatch.setattr(past_events, name, counted)

    count("read_frames")
    count("encode")
    return found


async def fill(node: Runtime) -> str:
    """Append a join and chats, the fifth of which is a secret; return the hash of the join."""
    first = await node.committer.append(Join("general", "tab", "ada", backlog=0))
    assert isinstance(first, Recorded)
    texts = [SECRET if number == 5 else f"chat {number}" for number in range(1, CHATS + 1)]
    await asyncio.gather(*(node.committer.append(Post("general", "tab", text)) for text in texts))
    return first.hash_text


async def resume(client: LocalClient, number: int, first: str) -> None:
    await client.send("join", room="general", username=f"user {number}", after=1, hash=first)


async def all_resume(node: Runtime, first: str, *, keeps_up: bool = True) -> list[LocalClient]:
    clients = [LocalClient(node, keeps_up=keeps_up) for _ in range(CLIENTS)]
    async with node.database.write():  # so that all joins are in one batch
        joins = [
            asyncio.create_task(resume(client, n, first)) for n, client in enumerate(clients, 1)
        ]
        await asyncio.sleep(0)
    await asyncio.gather(*joins)
    return clients


def seqs(client: LocalClient) -> list[int]:
    types = {"chat", "notification", "session", "erasure"}
    return [frame["seq"] for frame in client.frames() if frame["type"] in types]


async def test_a_page_is_read_and_encoded_once_however_many_resume(
    sqlite_url: str, calls: Counter[str]
) -> None:
    async with node_on(sqlite_url) as node:
        first = await fill(node)
        clients = await all_resume(node, first)
        everything = list(range(2, 1 + CHATS + CLIENTS + 1))
        await until(lambda: all(len(seqs(client)) == len(everything) for client in clients))
        assert all(seqs(client) == everything for client in clients)
        assert calls == {"read_frames": OLD_PAGES, "encode": OLD_PAGES * PAGE_EVENTS}


async def test_readers_too_slow_for_one_write_read_no_page_again_and_keep_none(
    sqlite_url: str, calls: Counter[str]
) -> None:
    async with node_on(sqlite_url, max_buffer_bytes=3_000) as node:
        first = await fill(node)
        clients = await all_resume(node, first, keeps_up=False)
        everything = list(range(2, 1 + CHATS + CLIENTS + 1))
        while not all(len(seqs(client)) == len(everything) for client in clients):
            for number, client in enumerate(clients):
                client.outlet.read(1_000 + 100 * number)
            await asyncio.sleep(0.001)
        assert all(seqs(client) == everything for client in clients)
        assert calls == {"read_frames": OLD_PAGES, "encode": OLD_PAGES * PAGE_EVENTS}
        assert max(client.outlet.most_unread for client in clients) <= 2 * 3_000 + 2_000


async def test_after_an_erasure_nobody_is_sent_what_it_erased(
    sqlite_url: str, calls: Counter[str]
) -> None:
    async with node_on(sqlite_url, max_buffer_bytes=3_000) as node:
        first = await fill(node)
        before = await all_resume(node, first, keeps_up=False)
        await until(lambda: all(client.outlet.unread > 3_000 for client in before))
        assert all(SECRET.encode() in client.outlet.got for client in before)
        assert calls == {"read_frames": 1, "encode": PAGE_EVENTS}
        secret_at = 1 + 5
        await node.operations.eraser.redact("general", [secret_at], **WHO)
        after = [LocalClient(node) for _ in range(CLIENTS)]
        await asyncio.gather(
            *(resume(client, CLIENTS + n, first) for n, client in enumerate(after, 1))
        )
        for client in before:
            client.outlet.keeps_up = True
            client.outlet.read()
        everything = list(range(2, 1 + CHATS + 2 * CLIENTS + 1 + 1))
        together = [*before, *after]
        await until(lambda: all(len(seqs(client)) == len(everything) for client in together))
        assert all(seqs(client) == everything for client in together)
        assert not any(SECRET.encode() in client.outlet.got for client in after)
        # The first page once more; and what the erasure has dropped from the recent frames.
        pages = 1 + (1 + CHATS + CLIENTS + 1) // PAGE_EVENTS + 1
        assert calls["read_frames"] <= pages
        assert calls["encode"] <= pages * PAGE_EVENTS


async def test_pages_have_their_share_of_the_memory_for_frames(
    sqlite_url: str, calls: Counter[str]
) -> None:
    async with node_on(sqlite_url, max_recent_bytes=200_000) as node:
        first = await fill(node)
        await all_resume(node, first)
        await until(lambda: not node.rooms.lagging())
        assert 0 < node.rooms._pages.used <= 200_000 // 8


async def test_pages_are_forgotten_once_nobody_is_behind(sqlite_url: str) -> None:
    async with node_on(sqlite_url, idle_room_seconds=0.05) as node:
        first = await fill(node)
        await all_resume(node, first)
        await until(lambda: node.rooms._pages.used == 0)
