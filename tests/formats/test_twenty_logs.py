"""Twenty logs in all dialects are imported with exact times and presence."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import chatlog, lines
from tests.support.logs import FORMS, Made, make_log

TWENTY = [(dialect, seed) for dialect in FORMS for seed in range(3)] + [("slack", 3), ("slack", 4)]


@pytest.mark.parametrize(("dialect", "seed"), TWENTY)
def test_a_log_is_imported_with_exact_times_and_presence(
    dialect: str, seed: int, sqlite_url: str, tmp_path: Path
) -> None:
    made = make_log(tmp_path, dialect, seed)
    chatlog("import", made.file, "--room", "#room", *made.flags, "--database", sqlite_url)
    assert told_by(sqlite_url) == made.truth
    check_presence(sqlite_url, made)


def told_by(database: str) -> list[tuple[str, str, str, str]]:
    events = lines("history", "#room", "--limit", 10_000, "--database", database)
    return [
        (
            event["at"],
            event.get("event", event["type"]),
            event["username"],
            event.get("cause") or (event["message"] if event["type"] == "chat" else ""),
        )
        for event in events
    ]


def check_presence(database: str, made: Made) -> None:
    """Ask who is there at some of the log's moments; the truth is folded from it anew."""
    moments = sorted({at for at, *_ in made.truth})
    for moment in moments[:: max(1, len(moments) // 5)]:
        there: set[str] = set()
        for at, kind, name, _ in made.truth:
            if at <= moment and kind != "chat":
                (there.add if kind == "join" else there.discard)(name)
        users = lines("users", "#room", "--at", moment, "--database", database)
        assert [user["username"] for user in users] == sorted(there), moment


def test_a_log_is_recognised_as_what_it_is(tmp_path: Path, sqlite_url: str) -> None:
    for dialect in FORMS:
        made = make_log(tmp_path, dialect, 0)
        flags = ("--room", dialect, "--format", dialect, "--database", sqlite_url)
        told = chatlog("import", made.file, *flags).stdout
        flags = ("--room", f"{dialect}2", "--format", "auto", "--database", sqlite_url)
        assert chatlog("import", made.file, *flags).stdout == told
