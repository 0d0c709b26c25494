"""An IRC log is read by its rules."""

from __future__ import annotations

from datetime import date

import pytest

from chatlog.domain.names import Limits
from chatlog.service.irc import Arrived, Counts, Departed, Happening, Spoke, Story, span
from chatlog.service.irc_lines import Came, Line, Renamed, Said, Went, parse, text_of

LIMITS = Limits(8_192, 64, 64, 100)
DAY = date(2006, 12, 10)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("[09:14] <ada> hello", Said("ada", "hello")),
        ("[09:14] <[GuS] > hello", Said("[GuS]", "hello")),
        ("[09:14] <a da>  two spaces ", Said("a da", " two spaces ")),
        ("[09:14] <ada> <bob> said so", Said("ada", "<bob> said so")),
        ("[09:14] <ada> \x02bold\x02\tand tab\x7f\x85", Said("ada", "bold\tand tab")),
        ("[09:14] <ada>", Said("ada", "")),
        ("[09:14] <a\u034fd\u202ea\U000e0100> hi", Said("ada", "hi")),
        ("[09:14] <(retention)> hi", Said("retention", "hi")),
        ("=== a\u3164da [~a@host] has joined #ubuntu", Came("ada")),
        ("=== a\u200bda is now known as (erased)", Renamed("ada", "erased")),
        ("[09:14] <e\u0301va> hi", Said("\xe9va", "hi")),
        ("[09:14]  * ada waves", Said("ada", "/me waves")),
        ("[09:14]  * ada \x02", Said("ada", "")),
        ("[09:14]  * ada", Said("ada", "")),
        ("[09:14] * ada waves", None),
        ("[09:14] -ada- notice", None),
        ("[24:14] <ada> hello", None),
        ("<ada> hello", None),
        ("=== ada [~a@host] has joined #ubuntu", Came("ada")),
        ("=== ada [n=a@host]  has joined #ubuntu", Came("ada")),
        ("=== [GuS] [n=gus@host]  has joined #ubuntu", Came("[GuS]")),
        ("=== a da  [n=a@host]  has joined #ubuntu", Came("a da")),
        ("=== ada [a@[::1]] has joined #ubuntu", Came("ada")),
        ("=== ada [a@host] has left #ubuntu []", Went("ada", "left")),
        ('=== ada [a@host] has quit ["x] has joined y"]', Went("ada", "disconnected")),
        ("=== ada is now known as bob", Renamed("ada", "bob")),
        ("=== mode/#ubuntu [+o ada] by ChanServ", None),
        ("=== ada has joined #ubuntu", None),
        ("=== ada [a@host] has joinedx", None),
    ],
)
def test_a_line_says(line: str, said: Line) -> None:
    assert parse(line) == said


def test_bytes_that_are_not_utf8_are_latin1() -> None:
    assert text_of("é\n".encode()) == "é"
    assert text_of(b"\xe9\r\n") == "é"


def told(*lines: str) -> tuple[list[Happening], Counts]:
    raw = [f"{line}\n".encode() for line in lines]
    story = Story(DAY, LIMITS, span(raw, DAY).first_minute)
    return list(story.read(raw)), story.counts


def at(text: str, day: int = 10) -> str:
    return f"2006-12-{day}T{text}:00.000000Z"


def test_who_speaks_has_come_before_and_all_leave_at_the_end() -> None:
    events, counts = told("[09:14] <ada> hello", "[09:15] <ada> again")
    assert events == [
        Arrived(at("09:14"), "ada"),
        Spoke(at("09:14"), "ada", "hello"),
        Spoke(at("09:15"), "ada", "again"),
        Departed(at("09:15"), "ada", "import_ended"),
    ]
    assert counts == Counts(lines=2, chats=2, leaves=1, implied_joins=1)
    assert counts.events == len(events)


def test_a_line_without_a_time_has_that_of_the_line_before_and_the_first_ones_the_first() -> None:
    events, _ = told(
        "=== ada [h] has joined #u", "[09:14] <ada> hello", "=== bob [h] has joined #u"
    )
    assert [event.at for event in events] == [at("09:14")] * 5


def test_a_new_day_begins_where_the_clock_goes_back() -> None:
    events, _ = told("[23:59] <ada> a", "[00:00] <ada> b", "[12:59] <ada> c", "[01:00] <ada> d")
    assert [event.at for event in events[1:]] == [
        at("23:59"), at("00:00", 11), at("12:59", 11), at("01:00", 12), at("01:00", 12),
    ]  # fmt: skip


def test_a_rename_is_a_leave_and_a_join() -> None:
    events, counts = told("[09:14] <ada> hello", "=== ada is now known as bob")
    assert events[2:4] == [Departed(at("09:14"), "ada", "left"), Arrived(at("09:14"), "bob")]
    assert (counts.joins, counts.implied_joins) == (1, 1)


def test_a_rename_to_somebody_present_is_only_the_leave() -> None:
    events, _ = told("[09:14] <ada> x", "[09:14] <bob> y", "=== ada is now known as bob")
    assert [type(event) for event in events[4:]] == [Departed, Departed]


def test_a_rename_of_somebody_not_present_joins_just_before() -> None:
    events, counts = told("[09:14] <x> hi", "=== ada is now known as bob")
    assert [e.name for e in events[2:5]] == ["ada", "ada", "bob"]
    assert counts.implied_joins == 2


@pytest.mark.parametrize(
    "line",
    [
        "=== bob [h] has left #u",
        "=== ada [h] has joined #u",
        "=== topic changed",
        "[09:15] <ada> ",
        "[09:15] <ada>    ",
        "[09:15] <ada> \x02\x03",
        f"[09:15] <ada> {'x' * 8_193}",
        f"[09:15] <{'x' * 65}> hi",
        "[09:15] <\u202e> hi",
        "=== ada is now known as \u3164",
        "rubbish",
    ],
)
def test_what_makes_no_sense_is_counted_and_skipped(line: str) -> None:
    events, counts = told("[09:14] <ada> hello", line)
    assert counts.skipped == 1
    assert len(events) == 3


def test_an_empty_line_is_nothing() -> None:
    assert told("", "[09:14] <ada> hello", "")[1].skipped == 0


def test_the_span_of_a_file_is_that_of_its_story() -> None:
    lines = ("rubbish", "[23:59] <ada> a", "[00:01] <ada> b")
    raw = [f"{line}\n".encode() for line in lines]
    events, _ = told(*lines)
    extent = span(raw, DAY)
    assert (extent.first_at, extent.last_at) == (events[0].at, events[-1].at)
    assert extent.lines == 3
