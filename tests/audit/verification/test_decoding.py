"""Each row of a page is judged by itself, whatever was right in the rows before it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chatlog.audit.verification.check_events import Wrong
from chatlog.audit.verification.decoding import Decoder
from chatlog.audit.verification.stored_rows import BEFORE_ALL, StoredRow, read_rows
from chatlog.cli.options import run
from chatlog.databases.opening import open_for_reading
from chatlog.eventlog import lookup
from tests.support.damage import two_small_rooms

DAMAGED: dict[str, Any] = {
    "version": 1.0,
    "seq": True,
    "username": "eve",
    "name_key": b"another",
    "is_renamed": 0.0,
    "node_name": "another",
    "seen_at": "yesterday",
    "cause": "left",
}


def first_row(url: str) -> tuple[StoredRow, bytes]:
    async def read() -> tuple[StoredRow, bytes]:
        async with open_for_reading(url) as database, database.read() as connection:
            rows = await read_rows(connection, database.backend, 1, BEFORE_ALL, limit=1)
            return rows[0], await lookup.name_secret(connection)

    return run(read())


@pytest.mark.parametrize("column", DAMAGED)
def test_a_damaged_row_is_found_after_an_equal_one_that_is_right(
    column: str, sqlite_url: str, tmp_path: Path
) -> None:
    row, secret = first_row(two_small_rooms(sqlite_url, tmp_path))
    decoder = Decoder(secret)
    assert decoder.decoded(row, 1) == decoder.decoded(row, 1)
    with pytest.raises(Wrong):
        decoder.decoded(row._replace(**{column: DAMAGED[column]}), 1)
