"""A slow reader harms nobody: it is not waited for, costs no memory, and resumes exactly."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.support.checker import assert_holds
from tests.support.client import Client
from tests.support.clients import Clients
from tests.support.frames import Frame
from tests.support.raw import RawClient
from tests.support.server import Server

from .conftest import Serve

ROOM = "general"
READERS, STUCK = 80, 20
MIB = 1024 * 1024
TEXT = "x" * 4000
FLOOD_BYTES = 6 * MIB
WINDOW = 16


async def stuck_member(clients: Clients, number: int) -> RawClient:
    """Join, read as far as ``caught_up``, and never read again."""
    client = await clients.connect_bare(f"stuck {number}", receive_buffer=4096)
    await client.send("join", room=ROOM, username=f"stuck {number}", backlog=0, id="join")
    await client.wait("caught_up")
    return client


async def reading_members(clients: Clients) -> list[Client]:
    members = [await clients.connect(f"reader {n}") for n in range(READERS)]
    await asyncio.gather(*(member.join(ROOM, backlog=0) for member in members))
    return members


class Flood:
    """One member talks until enough is said and all who stand still are let go."""

    def __init__(self, server: Server, members: list[Client]) -> None:
        self.server, self.members, self.speaker = server, members, members[0]
        self.let_go: list[Frame] = []
        self.waits: list[float] = []
        self.said = 0
        self.speaker.on_event = self._notice

    def _notice(self, event: Frame) -> None:
        if event.is_leave and event.data["username"].startswith("stuck"):
            self.let_go.append(event)

    async def run(self, within: float) -> None:
        async with asyncio.timeout(within):
            while len(self.let_go) < STUCK or self.said * len(TEXT) < FLOOD_BYTES:
                await self._say_some()

    async def _say_some(self) -> None:
        """Say a few things at once; everybody who reads has them before more is said."""
        began = time.monotonic()
        answers = [
            await self.speaker.submit("chat", room=ROOM, message=TEXT) for _ in range(WINDOW)
        ]
        seq = max([(await answer).seq for answer in answers])
        await asyncio.gather(*(member.wait_seq(ROOM, seq) for member in self.members))
        self.said += WINDOW
        self.waits.append(time.monotonic() - began)


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_twenty_members_who_never_read_cost_the_others_nothing(
    serve: Serve, database_url: str
) -> None:
    server = await serve(database_url, "--slow-seconds", "3")
    async with Clients(server) as clients:
        members = await reading_members(clients)
        stuck = [await stuck_member(clients, number) for number in range(STUCK)]
        flood = Flood(server, members)
        before = server.memory_bytes()
        await flood.run(within=60)
        grown = server.memory_bytes("VmHWM") - before
        for client in stuck:
            await client.read_to_end()
        await resume_exactly(clients, stuck[0])
        await clients.settle(ROOM)

    assert_holds(clients.record, settled=True)
    assert {event.data["cause"] for event in flood.let_go} == {"timed_out"}
    # One who was waited for would hold a round up until it is let go, three seconds later.
    assert max(flood.waits) < 2.5, max(flood.waits)
    # Frames piled up for twenty readers would be twenty times what was said: 120 MiB and more.
    assert grown < 32 * MIB, f"{grown / MIB:.0f} MiB more, {flood.said * len(TEXT) / MIB:.0f} said"


async def resume_exactly(clients: Clients, stuck: RawClient) -> None:
    """Having read on, it saw 4408 or a cut; it comes back from the last event it has."""
    closed = stuck.connection.closed
    assert closed is not None
    assert closed.code in (4408, None), closed
    last = [frame for frame in stuck.connection.frames if frame.is_event][-1]
    assert stuck.connection.username
    client = await clients.connect(stuck.connection.username)
    caught_up = await client.resume(ROOM, last)
    assert caught_up.data["first"] == last.seq + 1


async def test_a_member_who_reads_again_in_time_gets_everything_on_the_same_connection(
    serve: Serve, sqlite_url: str
) -> None:
    server = await serve(sqlite_url, "--slow-seconds", "60")
    async with Clients(server) as clients:
        speaker = await clients.connect("speaker")
        await speaker.join(ROOM)
        dozer = await stuck_member(clients, 1)
        acks = [await speaker.submit("chat", room=ROOM, message=TEXT) for _ in range(800)]
        head = max([(await ack).seq for ack in acks])
        await read_up_to(dozer, head)
        await speaker.chat(ROOM, "are you back?")
        await read_up_to(dozer, head + 1)
        dozer.close()
        await clients.settle(ROOM)

    assert_holds(clients.record, settled=True)


async def read_up_to(client: RawClient, seq: int) -> None:
    while isinstance(entry := await client.receive(), Frame):
        if entry.is_event and entry.seq == seq:
            return
    raise AssertionError(f"{client.connection.label} ended with {entry} before seq {seq}")
