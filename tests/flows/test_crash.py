"""``kill -9`` under load: nothing acknowledged is lost, nothing is doubled, resumes are exact.

Talkers keep several chats under way, with ids, some of them in two tabs; another comes and
goes. Twenty times the process is killed at a random moment. Whoever was cut comes back with
the last seq and hash it saw and sends again, under the same id, what was never answered.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from datetime import UTC, datetime

import pytest

from tests.support.checker import assert_holds
from tests.support.clients import Clients
from tests.support.frames import Frame
from tests.support.talkers import ROOM, Load, Talker

from .conftest import Serve

KILLS = 20
TALKERS = 9


async def wander(clients: Clients, name: str) -> None:
    """Come and go until the server is gone."""
    try:
        while True:
            client = await clients.connect(name)
            await client.join(ROOM, backlog=3)
            await client.chat(ROOM, "just passing")
            await client.leave(ROOM)
            await client.close()
    except OSError:
        pass  # aiohttp's errors of connecting are OSErrors too


def now() -> str:
    return datetime.fromtimestamp(time.time(), UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def assert_lapses_are_plausible(log: list[Frame], kills: list[str]) -> None:
    """The dead are said to have been there until their server's last event, not after it died."""
    for event in log:
        if event.data.get("cause") != "lapsed":
            continue
        killed = max(kill for kill in kills if kill < event.data["at"])
        last_event = max(e.data["at"] for e in log[: event.seq] if e.data["at"] <= killed)
        assert last_event <= event.data["last_seen_at"] <= killed, event.raw


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_twenty_kills_under_load_lose_nothing_acknowledged_and_double_nothing(
    serve: Serve, database_url: str
) -> None:
    # On PostgreSQL the dead lapse once their lease has run out: twenty short ones are waited for.
    server = await serve(database_url, "--lease-seconds", "3")
    rng, kills = random.Random(20), list[str]()
    async with Clients(server) as clients:
        load = Load()
        talkers = [Talker(f"talker {i % 6}", clients, load) for i in range(TALKERS)]
        for _ in range(KILLS):
            await asyncio.gather(*(talker.come_back() for talker in talkers))
            async with asyncio.TaskGroup() as tasks:
                for talker in talkers:
                    tasks.create_task(talker.talk())
                tasks.create_task(wander(clients, "wanderer"))
                await load.wait_for(rng.randint(1, 200))
                await server.kill()
            kills.append(now())
            await server.start()
            await clients.settle(ROOM, within=35)  # whoever was there has lapsed by then
        await asyncio.gather(*(talker.come_back() for talker in talkers))
        await clients.settle(ROOM)
        assert not any(talker.unanswered for talker in talkers)

    assert_holds(clients.record, settled=True)
    log = clients.record.logs[ROOM]
    assert_lapses_are_plausible(log, kills)
    causes = Counter(event.data.get("cause") for event in log)
    assert causes["lapsed"] >= KILLS * TALKERS, causes
