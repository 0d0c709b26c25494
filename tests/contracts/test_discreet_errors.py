"""A row that the database refuses: its texts, names and salts get into no log and no error."""

from __future__ import annotations

import logging
import traceback

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.discreet import describe
from chatlog.domain.errors import Refused, Unavailable
from chatlog.eventlog.append import Batch
from chatlog.eventlog.committing.outcomes import BadRow
from chatlog.kinds.chat import Post
from tests.support.logbook import Log

SECRET = "the launch code is 4711"


def everything_said(error: BaseException, caplog: pytest.LogCaptureFixture) -> str:
    said = [*traceback.format_exception(error), describe(error), caplog.text]
    one: BaseException | None = error
    while one is not None:
        said += [repr(one), str(one), repr(one.args)]
        one = one.__cause__ or one.__context__
    return "\n".join(said)


TWICE = (
    "INSERT INTO sessions (session, room_id, user_id, node_id, joined_seq, joined_at, replay_from)"
    " VALUES (:secret, 1, 1, 1, 1, '', 1), (:secret, 1, 1, 1, 1, '', 1)"
)
NO_ROOM = (
    "INSERT INTO sessions (session, room_id, user_id, node_id, joined_seq, joined_at, replay_from)"
    " VALUES (:secret, NULL, 1, 1, 1, '', 1)"
)
NOT_A_NUMBER = "UPDATE sessions SET joined_seq = :secret, room_id = :secret"


@pytest.mark.parametrize("sql", [TWICE, NO_ROOM, NOT_A_NUMBER])
async def test_a_row_that_the_database_refuses_is_not_quoted(
    log: Log, caplog: pytest.LogCaptureFixture, sql: str
) -> None:
    caplog.set_level(logging.DEBUG)
    await log.join("general", "ada")

    async def step(connection: AsyncConnection, _batch: Batch) -> None:
        await connection.execute(sa.text(sql), {"secret": SECRET})

    with pytest.raises(BadRow) as caught:
        await log.writer.transact(step)
    assert "4711" not in everything_said(caught.value, caplog)


@pytest.mark.parametrize("where", ["message", "id"])
async def test_a_text_that_cannot_be_encoded_is_not_quoted(
    log: Log, caplog: pytest.LogCaptureFixture, where: str
) -> None:
    caplog.set_level(logging.DEBUG)
    session = await log.join("general", "ada")
    text = {"message": "hello", "id": "c-1"} | {where: f"{SECRET} \ud800"}
    with pytest.raises(BadRow) as caught:
        await log.append(Post("general", session, text["message"], text["id"]))
    assert "4711" not in everything_said(caught.value, caplog)


async def test_a_read_that_fails_quotes_nothing_either(
    log: Log, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(Unavailable) as caught:
        await log.table("SELECT no_such_function(:secret)", secret=SECRET)
    assert "4711" not in everything_said(caught.value, caplog)


def test_an_error_that_may_hold_a_name_is_described_without_it() -> None:
    assert describe(Refused("bad_command", SECRET)) == "Refused: bad_command"
    assert describe(KeyError(SECRET)) == "KeyError"
