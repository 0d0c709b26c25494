"""A room checked in pieces is judged as it is from its beginning to its end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chatlog.audit.verification.verify import Asked, Verdict, verify
from chatlog.cli.options import run
from chatlog.databases.opening import open_for_reading
from tests.cli.command import chatlog
from tests.support.damage import CHAT, EVENTS, LEAVE, ONE, SESSIONS, change, two_small_rooms

SIZES = (1, 2, 3, 100)


@pytest.fixture
def database(sqlite_url: str, tmp_path: Path) -> str:
    return two_small_rooms(sqlite_url, tmp_path)


def judged(url: str, **asked: Any) -> Verdict:
    async def judge() -> Verdict:
        async with open_for_reading(url) as database:
            return await verify(url, database, Asked(**asked), lambda _events: None)

    return run(judge())


@pytest.mark.parametrize("size", SIZES)
def test_what_was_written_verifies_in_pieces_of_any_size(size: int, database: str) -> None:
    for seq in (3, 4):
        chatlog("redact", "#small", seq, "--reason", "?", "--database", database)
    chatlog("erase-user", "bob", "--reason", "?", "--database", database)
    verdict = judged(database, size=size)
    assert verdict.ok, verdict
    assert [room.head for room in verdict.rooms] == [13, 11]


@pytest.mark.parametrize("what", EVENTS)
def test_a_changed_event_is_found_where_it_is_in_whatever_piece(what: str, database: str) -> None:
    to, seq = EVENTS[what]
    assert change(database, f"UPDATE events SET {to} WHERE {ONE} = {seq}") == 1
    for size in SIZES:
        small, other = judged(database, size=size).rooms
        assert (small.wrong_seq, other.wrong_seq) == (seq, None), (size, small)


@pytest.mark.parametrize("what", SESSIONS)
def test_a_session_that_is_not_the_fold_is_found_in_whatever_piece(
    what: str, database: str
) -> None:
    bob = f"WHERE room_id = 1 AND left_seq = {LEAVE}"
    assert change(database, f"UPDATE sessions SET {SESSIONS[what]} {bob}") == 1
    for size in SIZES:
        small, other = judged(database, size=size).rooms
        assert small.wrong_seq in range(2, LEAVE + 1), (size, small)
        assert other.ok


def test_processes_of_their_own_find_the_same(database: str) -> None:
    assert judged(database, size=2, jobs=2) == judged(database, size=2)
    change(database, f"UPDATE events SET text = 'X' WHERE {ONE} = {CHAT}")
    verdict = judged(database, size=2, jobs=2)
    assert [room.wrong_seq for room in verdict.rooms] == [CHAT, None]
    chatlog("verify", "--jobs", "2", "--database", database, status=1)


def test_a_name_that_is_gone_has_an_erasure_that_says_so(database: str) -> None:
    drop = "UPDATE users SET username = NULL, salt = NULL, name_key = NULL WHERE username = 'bob'"
    change(database, drop)
    for size in SIZES:
        assert [room.wrong_seq for room in judged(database, size=size).rooms] == [2, 2]


def test_an_operator_may_have_the_name_of_the_person_who_is_erased(database: str) -> None:
    for by, name in (("root", "bob"), ("ada", "ada")):
        chatlog("erase-user", name, "--by", by, "--reason", "?", "--database", database)
        for size in SIZES:
            verdict = judged(database, size=size)
            assert verdict.ok, (name, size, verdict)
