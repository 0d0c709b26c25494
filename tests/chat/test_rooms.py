"""Live rooms: read from the log on first use while it goes on, let go when idle."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from chatlog.chat import rooms
from chatlog.chat.live import LiveRoom
from chatlog.chat.rooms import RECENT_EVENTS
from chatlog.kinds.chat import Post
from chatlog.kinds.event import Recorded
from chatlog.kinds.join import Join
from chatlog.kinds.leave import Leave
from chatlog.readers.askers import ANYBODY, OPERATOR
from chatlog.runtime import Runtime
from chatlog.wire.commands import Users
from tests.support.nodes import LocalClient, node_on, texts_of, until


async def fill(node: Runtime, chats: int, room: str = "general") -> None:
    assert isinstance(await node.committer.append(Join(room, "tab", "ada", backlog=0)), Recorded)
    await asyncio.gather(
        *(node.committer.append(Post(room, "tab", f"chat {n}")) for n in range(chats))
    )


def seqs(client: LocalClient) -> list[int]:
    types = {"chat", "notification", "session"}
    return [frame["seq"] for frame in client.frames() if frame["type"] in types]


async def frames_of(node: Runtime, room: str, first: int, last: int) -> list[bytes]:
    return await (await node.door.admit(OPERATOR, room, "read")).frames(first, last)


async def test_what_is_dispatched_while_a_room_is_read_is_neither_lost_nor_repeated(
    sqlite_url: str,
) -> None:
    async with node_on(sqlite_url) as node:
        await fill(node, 20)
        snapshot: Callable[[str], Awaitable[LiveRoom]] = node.rooms._snapshot

        async def slow(name: str) -> LiveRoom:
            for n in range(3):
                await node.committer.append(Post("general", "tab", f"before {n}"))
            room = await snapshot(name)
            for n in range(3):
                await node.committer.append(Post("general", "tab", f"after {n}"))
            return room

        node.rooms._snapshot = slow  # type: ignore[method-assign]
        ada, bob = LocalClient(node), LocalClient(node)
        await asyncio.gather(
            ada.join("general", "bob", after=0), bob.join("general", "eve", after=0)
        )
        await node.committer.append(Post("general", "tab", "live"))
        await until(lambda: len(seqs(ada)) == len(seqs(bob)) == 30)
    assert seqs(ada) == seqs(bob) == list(range(1, 31))


async def test_a_room_is_read_once_however_many_come_at_once(sqlite_url: str) -> None:
    async with node_on(sqlite_url) as node:
        opened = await asyncio.gather(*(node.rooms.open("general") for _ in range(10)))
        assert all(room is opened[0] for room in opened)
        assert len(node.rooms) == 1


async def test_a_room_in_memory_begins_with_its_newest_frames_and_who_is_there(
    sqlite_url: str,
) -> None:
    async with node_on(sqlite_url) as node:
        await fill(node, 300)
        room = await node.rooms.open("general")
        recent = room.feed.recent
        assert (recent.head, recent.first) == (301, 302 - RECENT_EVENTS)
        assert (room.presence.seq, room.presence.names()) == (301, ["ada"])
        frames = await frames_of(node, "general", recent.first, recent.first + 99)
        assert recent.since(recent.first, recent.first + 99, 10**6)[0] == b"".join(frames)


async def test_frames_are_read_from_the_log_as_far_as_it_has_them(sqlite_url: str) -> None:
    async with node_on(sqlite_url) as node:
        await fill(node, 150)
        first = texts_of(b"".join(await frames_of(node, "general", 1, 100)))
        rest = texts_of(b"".join(await frames_of(node, "general", 101, 200)))
        assert (len(first), len(rest)) == (100, 51)
        assert await frames_of(node, "general", 152, 200) == []
        assert await frames_of(node, "nowhere", 1, 100) == []


async def test_a_room_without_members_is_let_go_after_a_while(sqlite_url: str) -> None:
    async with node_on(sqlite_url, idle_room_seconds=0.05) as node:
        ada = LocalClient(node)
        await ada.join("general")
        await ada.join("other")
        await ada.send("leave", room="other")
        await until(lambda: node.rooms.get("other") is None)
        await asyncio.sleep(0.15)
        assert node.rooms.get("general") is not None
        await ada.join("other")
        await ada.send("chat", message="again")
        assert (await ada.until("chat"))["seq"] == 4


async def test_a_room_that_was_opened_for_a_refused_join_is_not_kept(sqlite_url: str) -> None:
    async with node_on(sqlite_url) as node:
        ada = LocalClient(node)
        for n in range(20):
            await ada.refusal("join", room=f"room-{n}", username="ada", after=5)
        assert len(node.rooms) == 0


async def test_who_comes_and_goes_in_one_batch_gets_its_whole_session(sqlite_url: str) -> None:
    async with node_on(sqlite_url) as node:
        await fill(node, 3)
        ada = LocalClient(node)
        room = await node.rooms.open("general")
        async with node.database.write():  # no commit can begin meanwhile
            joining = asyncio.create_task(ada.send("join", room="general", username="eve", after=0))
            await until(lambda: room.joining)
            (session,) = room.joining
            node.departures.add([Leave("general", session, "kicked")])
        await joining
        await ada.until("notification", event="leave", username="eve")
        await node.committer.append(Post("general", "tab", "after"))
        assert seqs(ada) == [1, 2, 3, 4, 5, 6]
        assert await ada.refusal("chat", message="x") == "not_joined"


async def test_users_are_told_from_memory_and_from_the_log_alike(sqlite_url: str) -> None:
    async with node_on(sqlite_url) as node:
        await fill(node, 2)
        cold = await node.users.frame(ANYBODY, Users("general"), is_member=False)
        await node.rooms.open("general")
        assert await node.users.frame(ANYBODY, Users("general"), is_member=False) == cold
        assert (cold.seq, list(cold.users), cold.count) == (3, ["ada"], 1)


async def test_rooms_that_somebody_only_passes_through_do_not_pile_up(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms, "_MANY_ROOMS", 5)
    async with node_on(sqlite_url) as node:
        witness, ada = LocalClient(node), LocalClient(node)
        await witness.join("general", "witness")
        for n in range(30):
            await ada.join(f"room {n}")
            await ada.send("leave")
            assert len(node.rooms) <= 8
        assert node.rooms.get("general") is not None
        await witness.send("chat", message="still here")
        await witness.until("chat")


async def test_the_recent_frames_of_all_rooms_share_one_budget(sqlite_url: str) -> None:
    async with node_on(sqlite_url, max_recent_bytes=40_000) as node:
        ada = LocalClient(node)
        for n in range(20):
            await ada.join(f"room {n}")
            for m in range(20):
                await ada.send("chat", message=f"chat {m}")
            await ada.until("chat", message="chat 19", room=f"room {n}")
        budget = 40_000 * 7 // 8  # the rest is for pages read again
        kept = [room.feed.recent.bytes for n in range(20) if (room := node.rooms.get(f"room {n}"))]
        assert len(kept) == 20
        assert max(kept) <= 40_000 // 8
        assert budget * 3 // 4 < sum(kept) <= budget


async def test_a_room_that_is_let_go_gives_its_frames_back(sqlite_url: str) -> None:
    async with node_on(sqlite_url, idle_room_seconds=0.05) as node:
        ada = LocalClient(node)
        await ada.join("general")
        budget = node.rooms._recent
        assert budget.used > 0
        await ada.send("leave")
        await until(lambda: len(node.rooms) == 0)
        assert budget.used == 0
