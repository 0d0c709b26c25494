"""Each row of a page is judged by itself, whatever was right in the rows before it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chatlog.audit.paging.room_rows import Shared
from chatlog.audit.verification.check_events import ChainCheck, Wrong
from chatlog.audit.verification.decoding import Decoder
from chatlog.audit.verification.stored_rows import BEFORE_ALL, StoredRow, read_rows
from chatlog.cli.options import run
from chatlog.databases.opening import open_for_reading
from chatlog.eventlog import lookup
from chatlog.kinds.event import Facts
from chatlog.kinds.join import Joined
from tests.support.damage import two_small_rooms

DAMAGED: dict[str, Any] = {
    "version": 1.0,
    "seq": True,
    "text_salt": "text",
    "user_id": 99,
    "node_id": 99,
    "cause": "left",
}
DAMAGED_PERSON: dict[str, Any] = {
    "username": "eve",
    "name_key": b"another",
    "is_renamed": 0.0,
    "skeleton_key": b"another",
}
DAMAGED_SERVER: dict[str, Any] = {"node_name": "another", "seen_at": "yesterday", "ended_at": b""}


def first_row(url: str) -> tuple[StoredRow, Shared, bytes]:
    async def read() -> tuple[StoredRow, Shared, bytes]:
        shared = Shared()
        async with open_for_reading(url) as database, database.read() as connection:
            backend = database.backend
            rows = await read_rows(connection, backend, 1, BEFORE_ALL, shared, limit=1)
            return StoredRow._make(rows[0]), shared, await lookup.name_secret(connection)

    return run(read())


@pytest.fixture
def first(sqlite_url: str, tmp_path: Path) -> tuple[StoredRow, Shared, bytes]:
    return first_row(two_small_rooms(sqlite_url, tmp_path))


@pytest.mark.parametrize("column", DAMAGED)
def test_a_damaged_row_is_found_after_an_equal_one_that_is_right(
    column: str, first: tuple[StoredRow, Shared, bytes]
) -> None:
    row, shared, secret = first
    decoder = Decoder(secret, shared)
    assert decoder.decoded(row, 1) == decoder.decoded(row, 1)
    with pytest.raises(Wrong):
        decoder.decoded(row._replace(**{column: DAMAGED[column]}), 1)


@pytest.mark.parametrize("column", DAMAGED_PERSON)
def test_a_damaged_user_is_found_at_the_first_event_of_it(
    column: str, first: tuple[StoredRow, Shared, bytes]
) -> None:
    row, shared, secret = first
    person = shared.people[row.user_id]
    shared.people[row.user_id] = person._replace(**{column: DAMAGED_PERSON[column]})
    with pytest.raises(Wrong):
        Decoder(secret, shared).decoded(row, 1)


@pytest.mark.parametrize("column", DAMAGED_SERVER)
def test_a_damaged_server_is_found_at_the_first_event_of_it(
    column: str, first: tuple[StoredRow, Shared, bytes]
) -> None:
    row, shared, secret = first
    server = shared.servers[row.node_id]
    shared.servers[row.node_id] = server._replace(**{column: DAMAGED_SERVER[column]})
    with pytest.raises(Wrong):
        Decoder(secret, shared).decoded(row, 1)


def test_a_verified_event_gives_its_facts_once(
    first: tuple[StoredRow, Shared, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    row, shared, secret = first
    asked: list[Joined] = []
    facts = Joined.facts

    def counted(event: Joined) -> Facts:
        asked.append(event)
        return facts(event)

    monkeypatch.setattr(Joined, "facts", counted)
    ChainCheck().accept(Decoder(secret, shared).decoded(row, 1))
    assert len(asked) == 1
