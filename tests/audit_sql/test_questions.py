"""Every question is answered alike on both databases, and as the fold of the events says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.audit.questions import ask, questions
from tests.audit_sql.answers import ANSWERS, expected
from tests.audit_sql.cases import cases
from tests.audit_sql.conftest import History


def test_every_question_has_an_answer_to_be_checked_against() -> None:
    assert set(ANSWERS) == set(questions())
    assert len(ANSWERS) >= 20


@pytest.mark.parametrize("name", questions())
async def test_a_question_is_answered_as_the_events_say(
    name: str, history: History, reader: AsyncConnection
) -> None:
    question, answered = questions()[name], 0
    for told in cases(question, history.fold):
        rows = await ask(reader, question, told)
        wanted = expected(name, history.fold, told)
        assert _rounded(rows) == _rounded(wanted), told
        answered += len(rows)
    # A question that finds nothing anywhere has not been tested.
    assert answered or history.name == "own" or (name in ONLY_MADE and history.name != "made")


ONLY_MADE = {
    "who-left-when-a-server-died",
    "when-servers-died",
    "what-was-erased",
    "who-erased",
    "who-is-there-now",
}


def _rounded(rows: Sequence[Any]) -> list[list[Any]]:
    found = [list(row.values() if isinstance(row, sa.RowMapping) else row) for row in rows]
    return [[round(v, 4) if isinstance(v, float) else v for v in row] for row in found]
