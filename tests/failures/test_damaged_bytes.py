"""A column of bytes in which SQLite holds something else: nothing is appended after it.

Of a number, ``bytes`` makes as many zeros: a chain that went on from such a hash would be wrong for
good.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from chatlog.domain.errors import LogError
from tests.support.damage import change
from tests.support.nodes import LocalClient, node_on

DAMAGE = {
    "the hash at the head of a room": "UPDATE events SET hash = {} WHERE position = 1",
    "the commitment to the name of a member": "UPDATE users SET commitment = {} WHERE id = 1",
    "the secret of the log": "UPDATE meta SET value = {} WHERE name = 'name_secret'",
}
VALUES = ("32", "'text'", "1.5")


async def two_rooms(url: str) -> None:
    async with node_on(url) as node:
        for room, name in (("damaged", "ada"), ("whole", "bob")):
            client = LocalClient(node)
            await client.join(room, name)


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("what", DAMAGE)
async def test_a_join_is_refused_and_is_not_in_the_log(
    sqlite_url: str, what: str, value: str, caplog: pytest.LogCaptureFixture
) -> None:
    await two_rooms(sqlite_url)
    assert change(sqlite_url, DAMAGE[what].format(value)) == 1
    async with node_on(sqlite_url) as node:
        eve = LocalClient(node)
        code = await eve.refusal("join", room="damaged", username="ada")
        assert code == "unavailable"
        assert "run `chatlog verify` for details" in caplog.text
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as file:
        counted = file.execute("SELECT count(*) FROM events WHERE type = 'join'")
        assert counted.fetchone() == (2,)


@pytest.mark.parametrize("value", VALUES)
async def test_a_server_does_not_start_on_a_damaged_end_of_the_log(
    sqlite_url: str, value: str
) -> None:
    await two_rooms(sqlite_url)
    assert change(sqlite_url, f"UPDATE events SET hash = {value} WHERE position = 2") == 1
    with pytest.raises(LogError, match="chatlog verify"):
        async with node_on(sqlite_url):
            pass
