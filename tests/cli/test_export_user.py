"""``export-user`` hands over everything of a person, and only that."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from chatlog.eventlog.steps.looks import look
from chatlog.wire.events import decode_proved
from tests.cli.command import chatlog, refused
from tests.support.logbook import open_log
from tests.support.people_log import BOB, KIM, SECRETS, desk, general

OF_BOB = {"general": [3, 5, 6, 8, 11, 12, 13, 14, 15], "desk": [3, 9, 10, 11]}


@pytest.fixture
def url(database_url: str) -> str:
    asyncio.run(write(database_url))
    return database_url


async def write(url: str) -> None:
    async with open_log(url) as log:
        await general(log)
        await desk(log)
        await log.writer.transact(look(BOB, "witnesses", "general", 5))
        await log.writer.transact(look(KIM, "users_at", "general", 6))


def exported(*who: str, url: str) -> list[dict[str, Any]]:
    said = chatlog("export-user", *who, "--database", url).stdout
    return [json.loads(line) for line in said.splitlines()]


def test_everything_by_and_about_a_person_is_handed_over_with_proofs(url: str) -> None:
    said = chatlog("export-user", "--sub", "u-2", "--database", url).stdout.splitlines()
    person, *lines, last = said
    assert json.loads(person) == {
        "type": "person",
        "usernames": ["bob", "rob"],
        "subjects": ["u-2"],
        "events": len(lines),
    }
    whole = {
        line
        for room in OF_BOB
        for line in chatlog("export", room, "--database", url).stdout.split("\n")
    }
    assert set(lines) <= whole, "each line is the one of the room's export"
    found: dict[str, list[int]] = {}
    for proved in (decode_proved(line.encode()) for line in lines):
        found.setdefault(proved.recorded.room, []).append(proved.recorded.seq)
    assert found == OF_BOB
    look = json.loads(last)
    assert (look.pop("at")[-1], look) == (
        "Z",
        {"type": "look", "what": "witnesses", "room": "general", "seq": 5},
    )
    assert all(secret in "".join(said) for secret in SECRETS)


def test_any_of_their_names_finds_the_person(url: str) -> None:
    assert exported("rob", url=url) == exported("bob", url=url) == exported("--sub", "u-2", url=url)


def test_what_is_handed_over_is_what_an_erasure_erases(url: str) -> None:
    chatlog("erase-user", "bob", "--reason", "asked for", "--by", "root", "--database", url)
    for room, seqs in OF_BOB.items():
        lines = chatlog("export", room, "--database", url).stdout.splitlines()
        of = next(e["of"] for e in map(json.loads, reversed(lines)) if e["type"] == "erasure")
        assert [seq for seq in of if seq <= max(seqs)] == seqs


def test_the_text_has_local_times_and_every_event(url: str) -> None:
    options = ("--format", "text", "--tz", "Asia/Kolkata")
    said = chatlog("export-user", "bob", *options, "--database", url).stdout.splitlines()
    assert said[:3] == ["Names: bob, rob", "Subjects: u-2", "13 events by or about the person:"]
    assert [line for line in said if "general 5  bob: said by bob" in line]
    assert said[-1].endswith("looked at general 5: witnesses")
    assert all("+05:30  " in line for line in said[3:])
    assert len(said) == 3 + 13 + 1


def test_nobody_is_a_sentence(url: str) -> None:
    at = ("--database", url)
    assert "no user of this name" in refused("export-user", "nobody", *at)
    assert "no such subject" in refused("export-user", "--sub", "u-99", *at)
    assert "either a name or --sub" in refused("export-user", *at)
    assert "--format text" in refused("export-user", "bob", "--tz", "Asia/Kolkata", *at)
