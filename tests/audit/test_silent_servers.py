"""Who is present on a server that has not been heard of: nobody has ended it, nobody knows."""

from __future__ import annotations

import pytest

from chatlog.audit.presence import present_at
from tests.contracts.logbook import open_log

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
