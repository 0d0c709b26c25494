"""A plain chat's line is written straight from its row as the general path writes it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatlog.audit.paging.room_rows import COLUMNS, OWN, Shared
from chatlog.cli.options import run
from chatlog.databases.opening import open_for_reading
from chatlog.domain.errors import LogError
from chatlog.kinds.proof import Proved
from chatlog.readers import export_page
from chatlog.readers.export_page import ExportPage
from chatlog.wire.events import encode_proved
from tests.cli.command import chatlog, imported
from tests.support.damage import CHAT, two_small_rooms
from tests.support.histories import OWN as MADE
from tests.support.histories import history
from tests.support.people_log import people_on

TEXTS = st.text(st.characters(exclude_categories=[]), max_size=40) | st.sampled_from(
    ['"', "\\", "/", "\0", "\x1f", "\x7f", "\u2028", "\ud800", "é" * 40, "chat", "left", "", "1"]
)
NUMBERS = st.integers(-(2**64), 2**64) | st.sampled_from([0, 1, 2, 3, 4, 5, 99, 2**53, 2**63])
VALUES = st.none() | NUMBERS | TEXTS | st.binary(max_size=40) | st.floats() | st.booleans()
DETAILS = st.sampled_from(['{"via":"http"}', "{}", "{", "null"])
CONTENTS = st.sampled_from(
    [json.dumps({"sender": {"salt": "0" * 32, "content": "deploy"}}), "{}", "[]"]
)
LIKELY = st.fixed_dictionaries(
    {},
    optional={
        "text": TEXTS | st.none(),
        "client_id": TEXTS | st.none(),
        "session": TEXTS | st.none(),
        "at": TEXTS,
        "hash": st.binary(max_size=40),
        "text_commitment": st.binary(max_size=40),
        "text_salt": st.binary(max_size=40) | st.none(),
        "seq": NUMBERS,
        "user_id": st.sampled_from([1, 2, 3, 99]),
        "node_id": st.sampled_from([1, 2, 99]),
        "details": DETAILS,
        "contents": CONTENTS,
        "version": st.sampled_from([0, 1, 2]),
    },
)
CHANGES = st.dictionaries(st.sampled_from(list(COLUMNS)), VALUES, max_size=2) | LIKELY

Log = tuple[list[Any], Shared]


async def _read(url: str, room: int) -> Log:
    shared = Shared()
    asked = OWN.where(sa.text("room_id = :room")).order_by(sa.text("seq"))
    async with open_for_reading(url) as database, database.read() as connection:
        rows = (await connection.execute(asked, {"room": room})).all()
        await shared.know(connection, room, rows)
    return list(rows), shared


@pytest.fixture
def log(sqlite_url: str, tmp_path: Path) -> Log:
    return run(_read(two_small_rooms(sqlite_url, tmp_path), 1))


@pytest.fixture
def in_full(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The seqs of the events whose lines take the general path."""
    seen: list[int] = []

    def encoded(proved: Proved) -> bytes:
        seen.append(proved.recorded.seq)
        return encode_proved(proved)

    monkeypatch.setattr(export_page, "encode_proved", encoded)
    return seen


def chat_with(rows: list[Any], changes: dict[str, Any]) -> tuple[Any, ...]:
    """Return the row of a plain chat with other values in some columns."""
    return tuple((dict(zip(COLUMNS, rows[CHAT - 1], strict=True)) | changes).values())


def lines_in_full(page: ExportPage) -> Iterable[bytes]:
    return map(encode_proved, page.events())


def outcome(lines: Iterable[bytes]) -> list[bytes] | tuple[type[Exception], str]:
    """Lines, or the error that is raised instead."""
    try:
        return list(lines)
    except Exception as error:  # noqa: BLE001 - whatever a row does to its reader
        return type(error), str(error)


def test_a_made_room_is_written_alike_and_its_chats_plainly(
    sqlite_url: str, in_full: list[int]
) -> None:
    imported(sqlite_url, history(MADE), "general")
    rows, shared = run(_read(sqlite_url, 1))
    page = ExportPage(rows, shared)
    assert list(page.lines()) == list(lines_in_full(page))
    assert in_full == [row.seq for row in rows if row.type != "chat"]
    assert len(rows) - len(in_full) > 10


@pytest.mark.parametrize("is_erased", [False, True])
@pytest.mark.parametrize("room", [1, 2])
def test_a_room_of_people_is_written_alike(room: int, is_erased: bool, database_url: str) -> None:
    asyncio.run(people_on(database_url))
    if is_erased:
        chatlog("erase-user", "bob", "--reason", "?", "--database", database_url)
    rows, shared = run(_read(database_url, room))
    page = ExportPage(rows, shared)
    assert list(page.lines()) == list(lines_in_full(page))


@settings(max_examples=600, suppress_health_check=list(HealthCheck), deadline=None)
@given(changes=CHANGES)
def test_a_changed_row_is_written_alike(log: Log, changes: dict[str, Any]) -> None:
    rows, shared = log
    row = chat_with(rows, changes)
    page = ExportPage([row], shared)
    assert outcome(page.lines()) == outcome(lines_in_full(page))


@pytest.mark.parametrize("column", ["hash", "text_commitment", "text_salt"])
def test_a_number_in_a_column_of_bytes_is_damage_and_not_as_many_zeros(
    log: Log, column: str
) -> None:
    rows, shared = log
    row = chat_with(rows, {column: 2})
    with pytest.raises(LogError, match="is damaged"):
        list(ExportPage([row], shared).lines())


@pytest.mark.parametrize("text", ['"\\/', "\0", "\x1f\x7f\u2028", "é" * 5_000, "😀", ""])
@pytest.mark.parametrize("client_id", [None, "", "é\0"])
def test_a_chat_with_an_odd_text_is_plain(
    log: Log, text: str, client_id: str | None, in_full: list[int]
) -> None:
    rows, shared = log
    changes = {"text": text, "client_id": client_id}
    row = chat_with(rows, changes)
    page = ExportPage([row], shared)
    assert list(page.lines()) == list(lines_in_full(page))
    assert in_full == []


@pytest.mark.parametrize("gone", [{"name_salt": None}, {"username": None}], ids=str)
def test_a_chat_of_a_person_who_is_erased_takes_the_general_path(
    log: Log, gone: dict[str, Any], in_full: list[int]
) -> None:
    rows, shared = log
    number = rows[CHAT - 1].user_id
    shared.people[number] = shared.people[number]._replace(**gone)
    page = ExportPage([rows[CHAT - 1]], shared)
    assert list(page.lines()) == list(lines_in_full(page))
    assert in_full == [CHAT]
