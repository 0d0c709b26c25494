"""Every query is answered alike on both databases, and as the fold of the events says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.audit.queries import queries, run_query
from tests.audit.queries.answers import ANSWERS, expected
from tests.audit.queries.cases import cases
from tests.audit.queries.conftest import History


def test_every_query_has_an_answer_to_be_checked_against() -> None:
    assert set(ANSWERS) == set(queries())
    assert len(ANSWERS) >= 20


@pytest.mark.parametrize("name", queries())
async def test_a_query_is_answered_as_the_events_say(
    name: str, history: History, reader: AsyncConnection
) -> None:
    query, answered = queries()[name], 0
    for told in cases(query, history.fold):
        rows = await run_query(reader, query, told)
        wanted = expected(name, history.fold, told)
        assert _lists(rows) == _nearly(_lists(wanted)), told
        answered += len(rows)
    # A query that finds nothing anywhere has not been tested.
    if name in ONLY_PEOPLE:
        assert answered or history.name != "people"
    else:
        is_made = history.name == "made"
        assert answered or history.name in {"own", "people"} or (name in ONLY_MADE and not is_made)


ONLY_MADE = {
    "who-left-when-a-server-died",
    "when-servers-died",
    "what-was-erased",
    "who-erased",
    "who-is-there-now",
}
ONLY_PEOPLE = {
    "roles-at-seq",
    "roles-of-a-person",
    "who-let-them-in",
    "who-looked",
    "who-was-removed",
}


def _lists(rows: Sequence[Any]) -> list[list[Any]]:
    return [list(row.values() if isinstance(row, sa.RowMapping) else row) for row in rows]


def _nearly(rows: list[list[Any]]) -> list[list[Any]]:
    """The same rows, equal to those whose hours differ by less than a second."""
    near = 1e-4
    return [
        [pytest.approx(v, abs=near) if isinstance(v, float) else v for v in row] for row in rows
    ]
