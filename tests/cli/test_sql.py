"""``chatlog sql`` lists the queries and runs one."""

from __future__ import annotations

import json
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner, Result

from bench.histories.load_sqlite import load
from bench.histories.story import Story
from chatlog.audit.points import parse_days
from chatlog.audit.queries import TOPICS, queries
from chatlog.cli import main
from chatlog.domain.times import seconds_between
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
    table = chatlog("sql").stdout
    headings = [line.strip() for line in table.splitlines() if line.strip().endswith(":")]
    assert headings == [f"{topic}:" for topic in TOPICS]
    assert [table.count(f"\n{name} ") for name in queries()] == [1] * len(queries())


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
        (("hours-a-day", "--param", "days=2026-11"), "Give days"),
        (("hours-a-day", "--param", "days=2026-11-02..2026-11-01"), "Give days"),
        (("hours-a-day", "--param", "days=1026-11-02..2026-11-01"), "at most 3,660"),
        (("who-erased", "--tz", "Berlin"), "is not a time zone"),
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


def test_days_and_times_are_those_of_the_zone(url: str) -> None:
    def asked(query: str, *told: str) -> str:
        params = [word for one in told for word in ("--param", one)]
        return chatlog("sql", query, *params, "--database", url).stdout

    zone = ("Asia/Kolkata", "+05:30")
    one = ("--tz", zone[0], "--json", "--database", url)
    days = chatlog("sql", "hours-a-day", "--param", "days=2025-01-07..2025-01-08", *one).stdout
    found = [json.loads(line) for line in days.splitlines()]
    assert {row["day"] for row in found} == {"2025-01-07", "2025-01-08"}
    assert all(0 <= row["hours"] <= 24 for row in found)
    local = ("--param", "from=2025-01-07", "--param", "to=2025-01-07")
    rows = chatlog("sql", "what-happened-anywhere", *local, *one).stdout.splitlines()
    offset = asked(
        "what-happened-anywhere", "from=2025-01-07T00:00+05:30", "to=2025-01-08T00:00+05:30"
    )
    assert len(rows) == len(offset.splitlines()) - 1 > 0
    assert all(json.loads(row)["at"].endswith("Z") for row in rows)
    table = chatlog("sql", "what-happened-anywhere", *local, *one[:2], *one[3:]).stdout
    assert table.count("2025-01-07T") == table.count(zone[1]) == len(rows)


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-11-22", 24)]
)
def test_a_day_on_which_the_clock_changes_has_other_hours(day: str, hours: int) -> None:
    found = parse_days(day, ZoneInfo("Europe/Berlin"))
    assert (len(found), found[:10]) == (64, day)
    assert seconds_between(found[10:37], found[37:]) == hours * 3600
    assert parse_days("9999-12-30..9999-12-31").count("9999-12-31T") == 3
