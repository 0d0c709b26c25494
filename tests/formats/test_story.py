"""A file becomes a story: who was there from when to when, and what was said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from chatlog.domain.errors import LogError
from chatlog.domain.names import Limits
from chatlog.formats.history import History, Reading
from chatlog.formats.story import Arrived, Departed, Happening, Spoke, Story

Told = tuple[list[Happening], Story, History]
Tell = Callable[..., Told]
LIMITS = Limits(8_192, 64, 64, 100)


@pytest.fixture
def told(tmp_path: Path) -> Tell:
    def tell(*lines: str, name: str = "2006-12-10.log", **reading: object) -> Told:
        file = tmp_path / name
        file.write_text("".join(f"{line}\n" for line in lines))
        history = History(Reading(str(file), name, **reading))  # type: ignore[arg-type]
        story, read = history.story(LIMITS)
        return list(story.read(read)), story, history

    return tell


def at(text: str, day: str = "2006-12-10") -> str:
    return f"{day}T{text}:00.000000Z"


def test_who_speaks_has_come_before_and_all_leave_at_the_end(told: Tell) -> None:
    events, story, _ = told("[09:14] <ada> hello", "[09:15] <ada> again")
    assert events == [
        Arrived(at("09:14"), "ada", implied=True),
        Spoke(at("09:14"), "ada", "hello"),
        Spoke(at("09:15"), "ada", "again"),
        Departed(at("09:15"), "ada", "import_ended"),
    ]
    assert (story.lines, story.skipped) == (2, 0)


def test_a_line_without_a_time_has_that_of_the_line_before_and_the_first_ones_the_first(
    told: Tell,
) -> None:
    events, _, _ = told(
        "=== ada [h@h] has joined #u", "[09:14] <ada> hello", "=== bob [h@h] has joined #u"
    )
    assert [event.at for event in events] == [at("09:14")] * 5


def test_who_is_kicked_has_left_and_their_kicker_need_not_be_there(told: Tell) -> None:
    events, _, _ = told("[09:14] <bob> spam", "=== bob was kicked off #room by ann (enough)")
    assert events[2:] == [Departed(at("09:14"), "bob", "kicked")]


def test_a_rename_is_a_leave_and_a_join(told: Tell) -> None:
    events, _, _ = told("[09:14] <ada> hello", "=== ada is now known as bob")
    assert events[2:4] == [Departed(at("09:14"), "ada", "left"), Arrived(at("09:14"), "bob")]


def test_a_rename_to_somebody_present_is_only_the_leave(told: Tell) -> None:
    events, _, _ = told("[09:14] <ada> x", "[09:14] <bob> y", "=== ada is now known as bob")
    assert [type(event) for event in events[4:]] == [Departed, Departed]


def test_a_rename_of_somebody_not_present_joins_just_before(told: Tell) -> None:
    events, _, _ = told("[09:14] <x> hi", "=== ada is now known as bob")
    assert [e.name for e in events[2:5]] == ["ada", "ada", "bob"]


def test_an_old_action_is_one_of_a_person_whom_the_file_shows_anywhere(told: Tell) -> None:
    lines = ("=== ada hums", "[09:14] <bob> hi", "=== nobody hums", "[09:15] <ada> la")
    events, story, _ = told(*lines, lenient=True)
    assert Spoke(at("09:14"), "ada", "/me hums") in events
    assert story.skipped == 1
    events, story, _ = told(*lines, name="2008-01-01.log", lenient=True)
    assert story.skipped == 2
    events, _, _ = told("[23:59] <ada> a", "[00:10] <ada> b", "=== ada hums", name="2007-12-31.log")
    assert Spoke(at("00:10", "2008-01-01"), "ada", "/me hums") in events


def test_people_of_a_split_leave_and_come_back_together(told: Tell) -> None:
    events, _, _ = told(
        "--- Log opened Sun Dec 10 09:00:00 2006",
        "09:14 < ada> a",
        "09:14 < bob> b",
        "09:15 -!- Netsplit a.net <-> b.net quits: ada, @bob",
        "09:16 -!- Netsplit over, joins: bob, ada",
    )
    assert events[4:8] == [
        Departed(at("09:15"), "ada", "disconnected"),
        Departed(at("09:15"), "bob", "disconnected"),
        Arrived(at("09:16"), "bob"),
        Arrived(at("09:16"), "ada"),
    ]


def test_nobody_is_said_to_have_been_there_while_the_log_was_closed(told: Tell) -> None:
    events, _, _ = told(
        "Session Start: Sun Dec 10 09:00:00 2006",
        "[09:14] <ada> a",
        "Session Close: Sun Dec 10 09:20:00 2006",
        "Session Start: Mon Dec 18 10:00:00 2006",
        "[10:01] <ada> b",
    )
    assert events[2:4] == [
        Departed(at("09:20"), "ada", "import_ended"),
        Arrived(at("10:01", "2006-12-18"), "ada", implied=True),
    ]


def test_a_log_that_was_only_turned_over_keeps_its_people(told: Tell) -> None:
    events, _, _ = told(
        "--- Log opened Sun Dec 10 09:00:00 2006",
        "23:59 < ada> a",
        "--- Log closed Mon Dec 11 00:00:00 2006",
        "--- Log opened Mon Dec 11 00:00:00 2006",
        "00:01 < ada> b",
    )
    assert [type(event) for event in events] == [Arrived, Spoke, Spoke, Departed]
    assert events[2].at == at("00:01", "2006-12-11")


def test_who_keeps_the_log_is_a_person_once_the_name_is_known(told: Tell) -> None:
    events, _, _ = told(
        "[09:14] <ada> a",
        "=== You have joined #u",
        "=== You are now known as me",
        "=== You are now known as myself",
        "=== You have been kicked from #u by ada",
        lenient=True,
    )
    assert [(type(event), event.name) for event in events[2:]] == [
        (Arrived, "me"), (Departed, "me"), (Arrived, "myself"), (Departed, "myself"),
        (Departed, "ada"),
    ]  # fmt: skip
    assert events[5] == Departed(at("09:14"), "myself", "kicked")


@pytest.mark.parametrize(
    "log",
    [
        (
            "--- Log opened Sun Dec 10 09:00:00 2006",
            "09:00 -!- me [m@h] has joined #u",
            "09:00 -!- Irssi: #u: Total of 2 nicks [1 ops, 0 halfops, 0 voices, 1 normal]",
            "09:01 -!- ada [a@h] has joined #u",
            "09:02 -!- You're now known as myself",
            "09:03 -!- myself was kicked from #u by ada [go]",
        ),
        (
            "2006-12-10 09:00:00\t-->\tme (m@h) has joined #u",
            "2006-12-10 09:00:00\t--\tChannel #u: 2 nicks (1 op, 1 normal)",
            "2006-12-10 09:01:00\t-->\tada (a@h) has joined #u",
            "2006-12-10 09:02:00\t--\tYou are now known as myself",
            "2006-12-10 09:03:00\t<--\tada has kicked myself (go)",
        ),
    ],
)
def test_a_client_that_finds_out_about_a_room_has_come_first(
    told: Tell, log: tuple[str, ...]
) -> None:
    events, _, _ = told(*log)
    assert events == [
        Arrived(at("09:00"), "me"),
        Arrived(at("09:01"), "ada"),
        Departed(at("09:02"), "me", "left"),
        Arrived(at("09:02"), "myself"),
        Departed(at("09:03"), "myself", "kicked"),
        Departed(at("09:03"), "ada", "import_ended"),
    ]


@pytest.mark.parametrize(
    ("line", "unfit"),
    [
        ("=== bob [h@h] has left #u", 0),
        ("=== ada [h@h] has joined #u", 0),
        ("=== Topic for #u: x", 0),
        ("[09:15] <ada> ", 0),
        ("[09:15] <ada>    ", 0),
        ("[09:15] <ada> \x02\x03", 0),
        (f"[09:15] <ada> {'x' * 8_193}", 1),
        (f"[09:15] <{'x' * 65}> hi", 1),
        ("[09:15] <\u200b> hi", 1),
        ("rubbish", 0),
    ],
)
def test_what_makes_no_sense_is_counted_and_skipped(told: Tell, line: str, unfit: int) -> None:
    events, story, _ = told("[09:14] <ada> hello", line, lenient=True)
    assert (story.skipped, story.unfit) == (1, unfit)
    assert len(events) == 3


def test_an_empty_line_is_nothing(told: Tell) -> None:
    assert told("", "[09:14] <ada> hello", "")[1].skipped == 0


def test_a_file_that_grows_meanwhile_is_told_as_far_as_it_was_looked_at(tmp_path: Path) -> None:
    file = tmp_path / "2006-12-10.log"
    file.write_text("[09:14] <ada> hello\n")
    history = History(Reading(str(file), file.name))
    with file.open("a") as opened:
        opened.write("[09:15] <ada> again\n")
    story, lines = history.story(LIMITS)
    assert [type(event) for event in story.read(lines)] == [Arrived, Spoke, Departed]


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ((), "is empty"),
        (("", "   "), "No line of the file is recognised"),
        (("Dear Sir,",), "'Dear Sir,'"),
        (("[09:14] <ada> a", *["rubbish 1", "rubbish 23"] * 3), "6 × 'rubbish 0'"),
        (
            (*["[09:14] <ada> a"] * 99, "=== bob came in from the cold"),
            "No arrival in the file is recognised",
        ),
        (
            ("2006-12-10 10:00:00\tada\ta", "2006-12-09 10:00:00\tada\tb"),
            "go back by more than two hours",
        ),
        (
            (
                "--- Log opened Do Jan 02 10:00:01 2020",
                *["10:00 <@ada> a"] * 99,
                "--- Day changed Fr Mai 01 2020",
                "11:00 <@ada> four months later",
            ),
            "'--- Day changed Fr Mai 01 2020'",
        ),
    ],
)
def test_a_file_that_is_not_understood_is_refused_with_the_reason(
    told: Tell,
    lines: tuple[str, ...],
    says: str,
) -> None:
    with pytest.raises(LogError) as refused:
        told(*lines, name="2008-12-10.log")
    assert says in str(refused.value)


def test_two_lines_in_a_hundred_need_not_be_understood(told: Tell) -> None:
    assert told(*["[09:14] <ada> a"] * 98, "rubbish", "rubbish")[1].skipped == 2
    with pytest.raises(LogError, match="3 of 100 lines"):
        told(*["[09:14] <ada> a"] * 97, "rubbish", "rubbish", "rubbish")


def test_a_clock_of_twelve_hours_is_found_by_its_step(told: Tell) -> None:
    events, _, history = told("[11:50] <ada> a", "[12:10] <ada> b", "[01:00] <ada> c")
    assert [event.at for event in events[1:4]] == [at("11:50"), at("12:10"), at("13:00")]
    assert history.survey.last_at == at("13:00")
    events, _, _ = told("[11:50] <ada> a", "[13:10] <ada> b", "[01:00] <ada> c")
    assert events[3].at == at("01:00", "2006-12-11")
