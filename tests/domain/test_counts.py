"""Counted nouns agree with their numbers."""

from __future__ import annotations

from chatlog.domain.counts import counted


def test_only_one_is_singular() -> None:
    assert [counted(n, "event") for n in (0, 1, 2)] == ["0 events", "1 event", "2 events"]


def test_an_irregular_noun_has_its_own_plural() -> None:
    people = [counted(n, "person", "people") for n in (0, 1, 2)]
    assert people == ["0 people", "1 person", "2 people"]
