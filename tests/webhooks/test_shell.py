"""``chatlog webhook``, beside a server and without one."""

from __future__ import annotations

import asyncio
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from chatlog.cli.options import run
from chatlog.databases.opening import open_for_reading
from chatlog.webhooks.signing import new_key, secret_of
from chatlog.webhooks.store.webhooks import webhook_of
from tests.cli.command import chatlog, lines, refused
from tests.support.nodes import migrated

from .conftest import delivering_on, joined, say, until_listed
from .receiver import Receiver

FLAGS = ("--allow-http-webhooks", "--allow-private-webhooks")
URL = "http://127.0.0.1:9/hook"


@pytest.fixture
def log(database_url: str) -> str:
    asyncio.run(migrated(database_url))
    return database_url


def added(log: str, *options: object, url: str = URL) -> dict[str, Any]:
    (one,) = lines("webhook", "add", url, *options, *FLAGS, "--database", log)
    return one


def test_a_webhook_is_added_listed_and_removed(log: str) -> None:
    one = added(log, "--rooms", "general, support", "--types", "chat,erasure")
    assert one["secret"].startswith("whsec_")
    (listed,) = lines("webhook", "list", "--database", log)
    assert listed | {"created_at": ""} == {
        "id": one["id"],
        "url": URL,
        "rooms": ["general", "support"],
        "types": ["chat", "erasure"],
        "created_at": "",
        "state": "active",
        "behind": 0,
        "failing_rooms": 0,
        "last_answer": None,
        "next_try": None,
    }
    table = chatlog("webhook", "list", "--database", log).stdout
    assert one["secret"] not in table
    for shown in (one["id"], URL, "active", "general, support"):
        assert shown in table
    chatlog("webhook", "remove", one["id"], "--database", log)
    assert lines("webhook", "list", "--database", log) == []


def test_for_people_the_id_and_the_secret_are_on_lines_of_their_own(log: str) -> None:
    said = chatlog("webhook", "add", URL, *FLAGS, "--database", log).stdout.splitlines()
    assert [line.split(": ")[0] for line in said] == ["id", "secret"]


async def _key(log: str, id: str) -> bytes:
    async with open_for_reading(log) as database, database.read() as connection:
        webhook = await webhook_of(connection, id)
    assert webhook is not None
    return webhook.key


def test_a_secret_of_ones_own_comes_from_a_file_and_is_not_printed(
    log: str, tmp_path: Path
) -> None:
    key, file = new_key(), tmp_path / "secret"
    file.write_text(secret_of(key) + "\n")
    one = added(log, "--secret-file", file)
    assert list(one) == ["id"]
    assert run(_key(log, one["id"])) == key


def test_rotating_prints_another_secret(log: str) -> None:
    one = added(log)
    (rotated,) = lines("webhook", "rotate", one["id"], "--database", log)
    assert rotated["id"] == one["id"]
    assert rotated["secret"] != one["secret"]


@pytest.mark.parametrize("command", ["remove", "test", "retry", "rotate"])
def test_an_unknown_id_is_refused(log: str, command: str) -> None:
    assert "no webhook with this id" in refused("webhook", command, "nothing", "--database", log)


def test_what_cannot_be_a_webhook_is_refused(log: str, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("whsec_short")
    noise = tmp_path / "noise"
    noise.write_bytes(bytes(range(128, 192)))
    for arguments in (
        (URL,),
        ("https://127.0.0.1/",),
        ("https://10.0.0.1/", FLAGS[0]),
        (URL, FLAGS[1]),
        ("no address", *FLAGS),
        (URL, *FLAGS, "--types", "nonsense"),
        (URL, *FLAGS, "--rooms", ""),
        (URL, *FLAGS, "--secret-file", file),
        (URL, *FLAGS, "--secret-file", noise),
    ):
        refused("webhook", "add", *arguments, "--database", log)
    assert lines("webhook", "list", "--database", log) == []


def test_a_test_of_nobody_ends_with_1_and_says_why(log: str) -> None:
    one = added(log)
    said = chatlog("webhook", "test", one["id"], *FLAGS, "--database", log, status=1).stdout
    assert said == "it cannot be reached\n"
    said = chatlog("webhook", "test", one["id"], "--database", log, status=1).stdout
    assert "https://" in said


async def test_beside_a_server_the_server_does_it(database_url: str, receiver: Receiver) -> None:
    def shell(*arguments: object, status: int = 0) -> Any:
        return asyncio.to_thread(
            chatlog, "webhook", *arguments, "--database", database_url, status=status
        )

    async with delivering_on(database_url, poll_seconds=0.1) as node:
        result = await shell("add", receiver.url, "--json", *FLAGS)
        one = json.loads(result.stdout)
        await until_listed(node, state="active")
        while node.deliverer.count == 0:
            await asyncio.sleep(0.01)
        client = await joined(node, "general")
        await say(client, "general", "hi")
        await receiver.until(2)
        assert (await shell("test", one["id"], *FLAGS)).stdout == "200\n"
        receiver.answer = lambda _: 410
        await say(client, "general", "gone")
        await until_listed(node, state="disabled")
        receiver.answer = lambda _: 200
        assert "1 room will be tried" in (await shell("retry", one["id"])).stdout
        await receiver.until(4)
        for delivery in receiver.got:
            delivery.verified(one["secret"])
        await shell("remove", one["id"])
        while node.deliverer.count:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("flag", FLAGS)
async def test_beside_a_server_on_sqlite_its_flags_count_and_not_the_commands(
    sqlite_url: str, flag: str
) -> None:
    others = {name: name not in flag.replace("-", "_") for name in _NAMES}
    async with delivering_on(sqlite_url, **others):
        arguments = ("webhook", "add", URL, *FLAGS, "--database", sqlite_url)
        said = (await asyncio.to_thread(chatlog, *arguments, status=2)).stderr
        assert flag in said


_NAMES = ("allow_http_webhooks", "allow_private_webhooks")


def test_the_file_of_the_log_is_its_owners_alone(empty_sqlite_url: str) -> None:
    asyncio.run(migrated(empty_sqlite_url))
    path = Path(empty_sqlite_url.removeprefix("sqlite:///"))
    assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0
