"""``chatlog sql`` lists the queries and runs one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bench.histories.load_sqlite import load
from bench.histories.story import Story
from chatlog.audit.queries import queries
from chatlog.cli import main
from tests.audit.queries.conftest import SHAPE


@pytest.fixture
def url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'chatlog.db'}"
    assert chatlog("migrate", "--database", url).exit_code == 0
    load(Story(SHAPE), tmp_path / "chatlog.db", lambda _written: None)
    return url


def chatlog(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def test_without_a_name_the_queries_are_listed() -> None:
    listed = chatlog("sql", "--json").stdout.splitlines()
    assert [json.loads(line)["name"] for line in listed] == list(queries())
    assert "who-could-have-seen" in chatlog("sql").stdout


def test_a_query_runs_with_its_parameters(url: str) -> None:
    asked = ("sql", "around-an-event", "--param", "room=general", "--param", "seq=100")
    rows = [
        json.loads(line)
        for line in chatlog(*asked, "--json", "--database", url).stdout.splitlines()
    ]
    assert [row["seq"] for row in rows] == list(range(90, 111))
    assert {row["erased"] for row in rows} <= {True, False}
    assert "username" in chatlog(*asked, "--database", url).stdout


def test_a_time_may_be_written_as_people_write_it(url: str) -> None:
    def present(at: str) -> str:
        told = ("--param", "room=general", "--param", f"at={at}")
        return chatlog("sql", "who-was-there-at-time", *told, "--json", "--database", url).stdout

    assert present("2025-01-07T15:00:00+01:00") == present("2025-01-07T14:00") != ""


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("no-such-query",), "There is no query"),
        (("who-is-there-now",), "--param room=… (name of the room)"),
        (("who-is-there-now", "--param", "room"), "KEY=VALUE"),
        (("who-erased", "--param", "room=general"), "has no parameter room"),
        (("around-an-event", "--param", "room=r", "--param", "seq=2026-01-01"), "takes a seq"),
    ],
)
def test_what_cannot_be_asked_is_status_2_and_a_sentence(
    arguments: tuple[str, ...], sentence: str, url: str
) -> None:
    found = chatlog("sql", *arguments, "--database", url)
    assert found.exit_code == 2
    assert sentence in found.stderr


def test_a_date_as_the_end_of_a_query_is_its_whole_day(url: str) -> None:
    def found(to: str) -> str:
        told = ("--param", "from=2025-01-07", "--param", f"to={to}", "--json", "--database", url)
        return chatlog("sql", "what-happened-anywhere", *told).stdout

    assert found("2025-01-07") == found("2025-01-08T00:00") != ""
    assert found("9999-12-31") >= found("2025-01-07")
