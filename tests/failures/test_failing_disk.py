"""EIO and ENOSPC from the disk, in a real server: three outcomes, never a lie, no restart."""

from __future__ import annotations

import asyncio
import errno
import re
from pathlib import Path

import aiohttp
import pytest

from tests.support.checker import assert_holds
from tests.support.client import Client
from tests.support.clients import Clients
from tests.support.frames import Frame
from tests.support.server import Server

from .conftest import Start
from .disk import FOR_EVER, FailingDisk, compiler

MANY = 300

pytestmark = pytest.mark.skipif(compiler() is None, reason="needs a C compiler")


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FailingDisk:
    folder = tmp_path / "disk"
    folder.mkdir()
    disk = FailingDisk(folder, tmp_path)
    for name, value in disk.environment.items():
        monkeypatch.setenv(name, value)  # for the processes started from here
    return disk


def database_on(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'disk' / 'chatlog.db'}"


async def say(client: Client, number: int) -> Frame:
    return await client.ask("chat", room="general", message=f"chat {number}", id=f"c-{number}")


@pytest.mark.parametrize("call", ["fsync", "pwrite"])
@pytest.mark.parametrize("error", [errno.EIO, errno.ENOSPC], ids=["eio", "enospc"])
async def test_a_disk_that_fails_at_the_nth_call_never_makes_the_server_lie(
    start: Start, disk: FailingDisk, tmp_path: Path, call: str, error: int
) -> None:
    server = await start(database_on(tmp_path))
    async with Clients(server) as clients:
        ada, bob = await clients.connect("ada"), await clients.connect("bob")
        await ada.join("general")
        await bob.join("general")
        failed, answers, number = 0, [], 0
        for after in range(5):
            disk.fail(call, error, after=after)
            for _ in range(5):  # enough commits to come to the call that fails
                number += 1
                answers.append(await say(ada, number))
            failed += disk.heal()
        assert failed >= 4
        assert any(answer.type == "error" for answer in answers)
        assert (await say(ada, 0)).type == "ack"  # and it goes on without a restart
        await clients.settle("general")
        before = list(clients.record.logs["general"])
        await server.kill()
        await server.start()
        # What was refused must not come back from the WAL either.
        await clients.settle("general")
        assert clients.record.logs["general"][: len(before)] == before
    assert_holds(clients.record, settled=True)


async def test_a_refused_chat_does_not_come_back_from_the_wal_after_a_crash(
    start: Start, disk: FailingDisk, tmp_path: Path
) -> None:
    server = await start(database_on(tmp_path))
    async with Clients(server) as clients:
        for number in range(3):
            ada = await clients.connect("ada")
            await ada.join("general")
            disk.fail("fsync", errno.EIO)
            answer = await say(ada, number)
            assert disk.heal() == 1
            await server.kill()  # before anything else could be committed
            await server.start()
            log = await clients.read_log("general")
            if answer.type == "error" and answer.data["code"] != "outcome_unknown":
                assert f"c-{number}" not in [event.data.get("id") for event in log], answer.raw
            await clients.settle("general")
    assert_holds(clients.record, settled=True)


async def test_a_disk_that_stays_broken_is_an_outage_that_ends(
    start: Start, disk: FailingDisk, tmp_path: Path
) -> None:
    server = await start(database_on(tmp_path), "--doubt-seconds", "0.5")
    async with Clients(server) as clients:
        ada, bob = await clients.connect("ada"), await clients.connect("bob")
        await ada.join("general")
        await bob.join("general")
        disk.fail("fsync", errno.EIO, times=FOR_EVER)
        answers = await asyncio.gather(*(say(ada, number) for number in range(5)))
        codes = {answer.data.get("code") for answer in answers}
        assert codes <= {"outcome_unknown", "unavailable"}
        await bob.close()  # whose leave cannot be written now
        disk.heal()
        again = await asyncio.gather(*(say(ada, number) for number in range(5)))
        assert {answer.type for answer in again} == {"ack"}
        await clients.settle("general")
    assert_holds(clients.record, settled=True)


async def test_a_full_disk_is_storage_full_until_there_is_space_again(
    start: Start, disk: FailingDisk, tmp_path: Path
) -> None:
    server = await start(database_on(tmp_path))
    async with Clients(server) as clients:
        ada = await clients.connect("ada")
        await ada.join("general")
        disk.fail("pwrite", errno.ENOSPC, times=FOR_EVER)
        for number in range(3):
            assert (await say(ada, number)).data["code"] == "storage_full"
        disk.heal()
        for number in range(3):
            assert "repeated" not in (await say(ada, number)).data
        await clients.settle("general")
    assert_holds(clients.record, settled=True)


async def test_a_full_disk_is_said_once_counted_and_not_ready(
    start: Start, disk: FailingDisk, tmp_path: Path
) -> None:
    server = await start(database_on(tmp_path), "--probe-seconds", "0.5")
    async with Clients(server) as clients:
        ada, bob = await clients.connect("ada"), await clients.connect("bob")
        await ada.join("general")
        await bob.join("general")
        disk.fail("pwrite", errno.ENOSPC, times=FOR_EVER)
        for number in range(MANY):
            assert (await say(ada, number)).data["code"] == "storage_full"
        await bob.close()  # whose leave is tried again and again
        for _ in range(3):
            assert await status(server, "readyz") == 503
        async with aiohttp.ClientSession() as http, http.get(f"{server.url}/metrics") as answer:
            metrics = await answer.text()
        (refused,) = re.findall(r'refusals_total\{code="storage_full"\} (\S+)', metrics)
        assert float(refused) >= MANY
        assert "\nchatlog_ready 0.0\n" in metrics
        said = [line for line in server.printed(1_000).splitlines() if " WARNING " in line]
        assert sum("could not be written" in line for line in said) == 1, said
        assert len(said) < 10, said
        disk.heal()
        assert (await say(ada, 0)).type == "ack"
        assert await status(server, "readyz") == 200
        await clients.settle("general")
    assert_holds(clients.record, settled=True)
    assert await server.stop() == 0
    assert " like this within " in server.printed(1_000)  # what was held back is counted at the end


async def status(server: Server, path: str) -> int:
    async with aiohttp.ClientSession() as http, http.get(f"{server.url}/{path}") as answer:
        return answer.status
