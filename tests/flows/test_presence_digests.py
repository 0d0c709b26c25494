"""A storm of joins and leaves: who asked for digests gets it in a few frames, and all of it."""

from __future__ import annotations

import asyncio

from tests.support.checker import assert_holds
from tests.support.client import Client
from tests.support.clients import Clients

from .conftest import Serve

ROOM = "general"
COMERS = 150


def storm(client: Client) -> list[str]:
    """Return the types of the frames that tell of the room after the client's joining."""
    types = [frame.type for frame in client.connection.frames]
    return types[types.index("caught_up") + 1 :]


async def test_a_storm_of_joins_and_leaves_is_a_few_frames_for_who_asked_for_digests(
    serve: Serve, database_url: str
) -> None:
    server = await serve(database_url)
    async with Clients(server) as clients:
        some, all_ = await clients.connect("some"), await clients.connect("all")
        await some.join(ROOM, presence="digest")
        await all_.join(ROOM)
        comers = [await clients.connect(f"comer {n:03}") for n in range(COMERS)]
        await asyncio.gather(*(comer.join(ROOM, backlog=0) for comer in comers))
        await all_.chat(ROOM, "the storm is over")
        await asyncio.gather(*(comer.close() for comer in comers[1:]))
        last = await comers[0].leave(ROOM)
        await asyncio.gather(*(one.wait_seq(ROOM, last.seq) for one in (some, all_)))
        await clients.settle(ROOM)
        resumed = await clients.connect("resumed")
        await resumed.resume(ROOM, some.last[ROOM])
        await clients.settle(ROOM)
        assert_holds(clients.record, settled=True)
    assert storm(all_).count("presence") == 0
    assert storm(all_).count("notification") >= 2 * COMERS
    assert 1 <= storm(some).count("presence") < COMERS
    assert len(storm(some)) < len(storm(all_)) / 2
