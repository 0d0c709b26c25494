"""Who is present on a server that has not been heard of: nobody has ended it, nobody knows."""

from __future__ import annotations

import json

import pytest

from chatlog.audit.presence import present_at
from chatlog.kinds.chat import Post
from chatlog.kinds.leave import Leave
from chatlog.settings import Settings
from chatlog.web import create_app
from tests.support.apps import browsing
from tests.support.command import chatlog
from tests.support.logbook import open_log

HEARD_AT = "2126-11-22T17:00:00.000000Z"


@pytest.mark.parametrize(
    ("moment", "uncertain"),
    [("2126-11-22T17:00:20.000000Z", False), ("2126-11-22T17:00:31.000000Z", True)],
)
async def test_past_thirty_seconds_of_silence_a_member_is_uncertain(
    database_url: str, moment: str, uncertain: bool
) -> None:
    async with open_log(database_url) as log:
        await log.join("general", "ada")
        await log.change("UPDATE nodes SET seen_at = :at", at=HEARD_AT)
        async with log.database.read() as connection:
            (ada,) = await present_at(connection, 1, 1, moment=moment)
    assert (ada.username, ada.uncertain) == ("ada", uncertain)


@pytest.mark.parametrize(
    ("moment", "uncertain"),
    [("2126-11-22T17:01:50.000000Z", False), ("2126-11-22T17:02:01.000000Z", True)],
)
async def test_a_server_of_a_longer_lease_is_doubted_later(
    database_url: str, moment: str, uncertain: bool
) -> None:
    async with open_log(database_url) as log:
        await log.join("general", "ada")
        await log.change("UPDATE nodes SET seen_at = :at, lease_seconds = 60", at=HEARD_AT)
        async with log.database.read() as connection:
            (ada,) = await present_at(connection, 1, 1, moment=moment)
    assert ada.uncertain == uncertain


async def test_the_shell_and_http_say_the_same_of_a_seq_and_of_a_time(database_url: str) -> None:
    async with open_log(database_url) as log:
        session = await log.join("general", "ada")
        # A long lease: else the server would let them lapse between two of the questions.
        silent = "UPDATE nodes SET seen_at = :at, lease_seconds = 600"
        await log.change(silent, at="2001-01-01T00:00:00.000000Z")
        bob = await log.join("general", "bob")
        lapse = Leave("general", session, "lapsed", last_seen_at="2126-11-22T17:00:00.000000Z")
        await log.record(lapse, Post("general", bob, "hello"))
    points = ["2", "3", "2126-11-22T17:00:00Z", "2999-01-01", "2001-01-01", None]
    app = create_app(Settings(database=database_url))
    async with browsing(app) as client:
        for point in points:
            at = {} if point is None else {"at": point}
            async with client.get("/api/rooms/general/users", params=at) as answer:
                by_http = (await answer.json())["users"]
            flags = [] if point is None else ["--at", point]
            ended = await chatlog("users", "general", "--json", *flags, database=database_url)
            assert [json.loads(line) for line in ended.out.splitlines()] == by_http, point
            is_time = point is not None and not point.isdigit()
            assert is_time or not [user for user in by_http if "uncertain" in user]
