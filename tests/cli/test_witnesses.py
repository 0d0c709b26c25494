"""``chatlog witnesses``."""

from __future__ import annotations

import json

from chatlog.kinds.chat import Post
from chatlog.kinds.command import Command
from chatlog.kinds.join import Join
from chatlog.kinds.leave import Leave
from tests.support.command import chatlog
from tests.support.logbook import open_log

STORY: list[Command] = [
    Join("general", "s1", "ada", backlog=0),
    Join("general", "s2", "bob", backlog=0),
    Post("general", "s1", "hello"),
    Leave("general", "s2", "left"),
    Join("general", "s3", "cleo", backlog=0),
    Join("general", "s4", "dan\x9b", backlog=5),
]


async def _told(database_url: str) -> None:
    async with open_log(database_url) as log:
        await log.record(*STORY)


async def test_each_line_is_a_user_with_the_strongest_certainty(database_url: str) -> None:
    await _told(database_url)
    ended = await chatlog("witnesses", "general", "3", "--json", database=database_url)
    found = list(map(json.loads, ended.out.splitlines()))
    assert ended.status == 0
    assert [(one["username"], one["certainty"]) for one in found] == [
        ("ada", "open"),
        ("bob", "open"),
        ("cleo", "possible"),
        ("dan\x9b", "replayed"),
    ]
    assert found[1]["left_seq"] == 4


async def test_people_get_a_table(sqlite_url: str) -> None:
    await _told(sqlite_url)
    ended = await chatlog("witnesses", "general", "3", database=sqlite_url)
    assert ended.status == 0
    header, *rows = ended.out.splitlines()
    assert header.split()[:2] == ["user", "certainty"]
    assert [row.split()[1] for row in rows] == ["open", "open", "possible", "replayed"]
    assert "\x9b" not in ended.out


async def test_an_event_that_is_not_there_is_said_in_a_sentence(sqlite_url: str) -> None:
    await _told(sqlite_url)
    for room, seq in (("general", "7"), ("nowhere", "1"), ("general", "0")):
        ended = await chatlog("witnesses", room, seq, database=sqlite_url)
        assert (ended.status, ended.out) == (2, "")
        assert ended.err
        assert "Traceback" not in ended.err
