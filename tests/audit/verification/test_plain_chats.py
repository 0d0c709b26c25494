"""What is accepted as a plain chat is what the general path accepts, whatever a row holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatlog.audit.paging.room_rows import Shared
from chatlog.audit.verification.check_events import ChainCheck
from chatlog.audit.verification.decoding import Decoder
from chatlog.audit.verification.plain_chats import PlainChats
from chatlog.audit.verification.stored_rows import BEFORE_ALL, StoredRow, read_rows
from chatlog.cli.options import run
from chatlog.databases.opening import open_for_reading
from chatlog.eventlog import chain, lookup
from chatlog.kinds.chat import Posted
from chatlog.kinds.event import Facts
from tests.support.damage import CHAT, two_small_rooms

Log = tuple[list[StoredRow], Shared, bytes]

TEXTS = st.text(st.characters(exclude_categories=[]), max_size=40) | st.sampled_from(
    ['"', "\\", "\0", "\x1f", "\u2028", "\ud800", "é" * 40, "chat", "left"]
)
NUMBERS = st.integers(-(2**64), 2**64) | st.sampled_from([0, 1, 2, 3, 4, 5, 99])
VALUES = st.none() | NUMBERS | TEXTS | st.binary(max_size=40) | st.floats() | st.booleans()
COLUMNS = st.sampled_from(StoredRow._fields)
LIKELY = st.fixed_dictionaries(
    {},
    optional={
        "text": TEXTS,
        "client_id": st.none() | TEXTS,
        "text_salt": st.binary(max_size=40),
        "at": TEXTS
        | st.sampled_from(["2006-12-10T09:15:00.000001Z", "2006-12-10T09:15:0é.000001Z"]),
        "position": NUMBERS,
        "user_id": st.sampled_from([1, 2, 3]),
        "node_id": st.sampled_from([1, 2]),
    },
)
CHANGES = st.dictionaries(COLUMNS, VALUES, max_size=2) | LIKELY


@pytest.fixture
def log(sqlite_url: str, tmp_path: Path) -> Log:
    async def read(url: str) -> Log:
        shared = Shared()
        async with open_for_reading(url) as database, database.read() as connection:
            backend = database.backend
            rows = await read_rows(connection, backend, 1, BEFORE_ALL, shared, limit=100)
            secret = await lookup.name_secret(connection)
            return list(map(StoredRow._make, rows)), shared, secret

    return run(read(two_small_rooms(sqlite_url, tmp_path)))


def accepts(row: StoredRow, check: ChainCheck, shared: Shared, secret: bytes) -> bool:
    """Whether the general path accepts a row, as ``RoomCheck`` takes it."""
    before = check.at
    try:
        proved = Decoder(secret, shared).decoded(row, check.head + 1)
        if row.position <= check.position:
            return False
        check.accept(proved)
    except Exception:  # noqa: BLE001 - whatever a row does to its reader is a row that is wrong
        return False
    check.position = row.position
    return not before < row.at > shared.servers[row.node_id].seen_at


def before_the_chat(log: Log) -> ChainCheck:
    rows, shared, secret = log
    check = ChainCheck()
    assert all(accepts(row, check, shared, secret) for row in rows[: CHAT - 1])
    return check


def sealed(row: StoredRow, check: ChainCheck, shared: Shared) -> StoredRow:
    """Return a row with the commitment and the hash that its other columns have, if any."""
    try:
        known, node = shared.proved(row).recorded.event.user, shared.servers[row.node_id].node
        assert row.session is not None
        assert row.text is not None
        assert row.text_salt is not None
        event = Posted(known, row.session, node, row.text, row.client_id)
        commitment = chain.commitment(row.text_salt, row.text)
        facts = Facts._make(row[7:15])
        header = chain.header(shared.room.room_uuid, row.seq, row.at, event, facts, commitment)
        digest = chain.next_hash(check.hash, header)
    except Exception:  # noqa: BLE001 - a row that nobody could have written has no hash
        return row
    return row._replace(text_commitment=commitment, hash=digest)


def state(check: ChainCheck) -> tuple[Any, ...]:
    place = (check.head, check.at, check.hash, check.position, check.room_id)
    return (*place, list(check.sessions), check.missing)


def test_every_chat_of_a_session_is_plain(log: Log) -> None:
    rows, shared, secret = log
    check, plain = ChainCheck(), []
    chats = PlainChats(Decoder(secret, shared), shared, check)
    for row in rows:
        if chats.accept(row):
            plain.append(row.seq)
        else:
            assert accepts(row, check, shared, secret)
    assert plain == [row.seq for row in rows if row.type == "chat"]


@settings(max_examples=400, suppress_health_check=list(HealthCheck), deadline=None)
@given(changed=CHANGES, is_sealed=st.booleans())
def test_a_chat_is_plain_only_if_the_general_path_accepts_it(
    log: Log, changed: dict[str, Any], is_sealed: bool
) -> None:
    rows, shared, secret = log
    general, check = before_the_chat(log), before_the_chat(log)
    row = rows[CHAT - 1]._replace(**changed)
    if is_sealed:
        row = sealed(row, check, shared)
    was = state(check)
    is_plain = PlainChats(Decoder(secret, shared), shared, check).accept(row)
    if is_plain:
        assert accepts(row, general, shared, secret)
    assert state(check) == (state(general) if is_plain else was)


@pytest.mark.parametrize("text", ['"\\', "\0", "\x1f\u2028", "é" * 5_000, "😀", ""])
@pytest.mark.parametrize("client_id", [None, "", "é\0"])
def test_a_chat_with_an_odd_text_is_plain(log: Log, text: str, client_id: str | None) -> None:
    rows, shared, secret = log
    check = before_the_chat(log)
    row = rows[CHAT - 1]._replace(text=text, client_id=client_id)
    row = sealed(row, check, shared)
    assert PlainChats(Decoder(secret, shared), shared, check).accept(row)
    assert accepts(row, before_the_chat(log), shared, secret)


@pytest.mark.parametrize("at", ["2006-12-10T09:15:0x.000000Z", "2006-12-10T23:59:59.000000Z", ""])
def test_a_chat_at_a_wrong_time_is_left_to_the_general_path(log: Log, at: str) -> None:
    rows, shared, secret = log
    check = before_the_chat(log)
    row = sealed(rows[CHAT - 1]._replace(at=at), check, shared)
    assert not PlainChats(Decoder(secret, shared), shared, check).accept(row)
    assert not accepts(row, before_the_chat(log), shared, secret)
