"""The audit views are written once, and what a revision has released keeps its text."""

from __future__ import annotations

import hashlib
from pathlib import Path
from string import Formatter

import pytest

from chatlog.databases.views import FRAGMENTS, statements

VIEWS = Path(__file__).resolve().parents[3] / "migrations" / "views"

# Of what SQLite keeps: a view's text from its CREATE on. A file made by an earlier version has it.
RELEASED = {
    "0003": "1977e24694ef5fce3d44c94fafe70cfadd7882af9c3ce861d068b0c260b6dfbd",
    "0005": "f5d9d3390f9b5a985768618ac78f0ec13f7b43343d94a6668e37ad1abd8e5750",
}


def kept(revision: str) -> str:
    texts = [text[text.index("CREATE ") :] for text in statements(VIEWS / revision, "sqlite")]
    return hashlib.sha256("".join(texts).encode()).hexdigest()


@pytest.mark.parametrize("revision", sorted(RELEASED))
def test_the_views_of_a_released_revision_keep_their_text(revision: str) -> None:
    assert kept(revision) == RELEASED[revision]


def test_each_fragment_is_used_and_there_for_both_databases() -> None:
    files = VIEWS.rglob("*.sql")
    used = {name for f in files for _, name, *_ in Formatter().parse(f.read_text("utf-8")) if name}
    assert {dialect: set(fragments) for dialect, fragments in FRAGMENTS.items()} == {
        "sqlite": used,
        "postgresql": used,
    }
