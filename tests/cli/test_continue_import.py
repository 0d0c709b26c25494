"""``chatlog import --continue`` takes what is new in a log, after a killed import too."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatlog.cli.options import run
from chatlog.databases.opening import open_for_writing
from chatlog.databases.schema import nodes
from chatlog.domain.names import Limits
from chatlog.eventlog.committing.writer import Writer
from chatlog.formats.history import History, Reading
from chatlog.kinds.command import Command
from chatlog.nodes import leases
from chatlog.nodes.reaper import leaves_due
from chatlog.operations.import_history import import_history
from tests.cli.command import chatlog, lines, refused
from tests.cli.importing import ROOM, chats, events, heads, take

LIMITS = Limits(8_192, 64, 64, 100)

GROWING = [
    "[10:00] <ida> one",
    "=== jon [j@h] has joined #room",
    "[10:01] <jon> two",
    "[10:02]  * ida waves",
    "=== jon is now known as jan",
    "[10:03] <jan> three",
    "=== ida [i@h] has quit [bye]",
    "[10:03] <jan> four",
]


def test_a_log_that_grows_is_continued(database_url: str, tmp_path: Path) -> None:
    file = tmp_path / "2020-01-02.log"
    for length in range(1, len(GROWING) + 1):
        file.write_text("".join(f"{line}\n" for line in GROWING[:length]))
        take(file, database_url, "--continue")
    take(file, database_url, "--continue")
    assert [text for _, _, text in chats(database_url)] == [
        "one",
        "two",
        "/me waves",
        "three",
        "four",
    ]
    ended = [(e["username"], e["cause"]) for e in events(database_url) if "cause" in e]
    assert [pair for pair in ended if pair[1] != "import_ended"] == [
        ("jon", "left"), ("ida", "disconnected"),
    ]  # fmt: skip
    assert lines("users", "#room", "--database", database_url) == []
    there = lines("users", "#room", "--at", "2020-01-02T10:02:00", "--database", database_url)
    assert "Verified " in chatlog("verify", "--database", database_url).stdout
    assert [user["username"] for user in there] == ["ida", "jan"]


def test_a_log_that_was_changed_since_is_not_continued(sqlite_url: str, tmp_path: Path) -> None:
    file = tmp_path / "2020-01-02.log"
    file.write_text("[10:00] <ida> one\n[10:01] <ida> two\n")
    take(file, sqlite_url)
    head = heads(sqlite_url)
    file.write_text("[10:00] <ida> one\n[10:01] <ida> 2\n[10:02] <ida> three\n")
    assert "not in the file" in refused(
        "import", file, *ROOM, "--continue", "--database", sqlite_url
    )
    assert heads(sqlite_url) == head


def test_a_log_whose_last_line_was_half_written_is_refused_with_that_reason(
    sqlite_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "2020-01-02.log"
    file.write_text("[10:00] <ida> one\n[10:01] <ida> tw")
    take(file, sqlite_url)
    file.write_text("[10:00] <ida> one\n[10:01] <ida> two\n")
    said = refused("import", file, *ROOM, "--continue", "--database", sqlite_url)
    assert "half written" in said


LONG = "".join(f"[{n // 60 % 24:02}:{n % 60:02}] <user{n % 7}> line {n}\n" for n in range(2_400))


YEARS_LATER = "2026-01-01T00:00:00.000000Z"


class Killed(BaseException):
    """Stands for SIGKILL: nothing is cleaned up behind it."""


async def killed_half_way(database_url: str, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing(*_: object) -> None: ...

    def die(_done: int, _of: int) -> None:
        raise Killed

    monkeypatch.setattr(leases, "end", nothing)
    async with open_for_writing(database_url) as database:
        telling = History(Reading(str(file), file.name))
        with pytest.raises(Killed):
            await import_history(database, telling, room="#room", limits=LIMITS, progress=die)
    monkeypatch.undo()


async def reaped(database_url: str) -> list[Command]:
    """Let a server that starts later close what the dead import left open."""
    async with open_for_writing(database_url) as database:
        node = await leases.begin(database, "server", alone=True)
        async with database.write() as connection, connection.begin():
            await connection.execute(
                nodes.update().where(nodes.c.id != node.number).values(ended_at=YEARS_LATER)
            )
        due: list[Command] = list(await leaves_due(database))
        await Writer(database, node, doubt_seconds=1).append(due)
        await leases.end(database, node)
    return due


@pytest.mark.parametrize("with_server", [False, True])
def test_an_import_that_was_killed_is_continued(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, with_server: bool
) -> None:
    file = tmp_path / "2006-12-10.log"
    file.write_text(LONG)
    run(killed_half_way(database_url, file, monkeypatch))
    assert heads(database_url) == [1_000]
    if with_server:
        assert len(run(reaped(database_url))) == 7
    assert "--continue" in refused("import", file, *ROOM, "--database", database_url)
    said = take(file, database_url, "--continue")
    assert "1000 events already in the room" in said
    assert [text for _, _, text in chats(database_url)] == [f"line {n}" for n in range(2_400)]
    ends = [e for e in events(database_url) if e["at"][:10] == "2006-12-10" and e.get("cause")]
    assert sorted(e["username"] for e in ends) == [f"user{n}" for n in range(7)]
    assert {e["cause"] for e in ends} == {"lapsed" if with_server else "import_ended"}
    assert lines("users", "#room", "--database", database_url) == []
    assert chatlog("verify", "--database", database_url).exit_code == 0


def test_a_room_that_went_on_is_not_continued(sqlite_url: str, tmp_path: Path) -> None:
    file = tmp_path / "2020-01-02.log"
    file.write_text("[10:00] <ida> one\n")
    take(file, sqlite_url)
    later = tmp_path / "2020-01-03.log"
    later.write_text("[10:00] <ida> later\n")
    take(later, sqlite_url)
    file.write_text("[10:00] <ida> one\n[10:01] <ida> two\n")
    said = refused("import", file, *ROOM, "--continue", "--database", sqlite_url)
    assert "another room" in said
