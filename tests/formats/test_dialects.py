"""Each dialect's lines say what they say, and a log shows its dialect by itself."""

from __future__ import annotations

from datetime import datetime

import pytest

from chatlog.formats.lines import (
    SILENT,
    Came,
    Header,
    Meaning,
    OwnCame,
    OwnName,
    OwnReady,
    OwnWent,
    Perhaps,
    Renamed,
    Said,
    Together,
    Undated,
    Went,
)
from chatlog.formats.recognise import DIALECTS, recognise

local = datetime.fromisoformat
LINES: dict[str, list[tuple[str, Meaning]]] = {
    "irc": [
        ("[09:14] <ada> hello", Said("ada", "hello")),
        ("[09:14] <[GuS] > hello", Said("[GuS]", "hello")),
        ("[09:14] <a da>  two spaces ", Said("a da", " two spaces ")),
        ("[09:14] <ada> <bob> said so", Said("ada", "<bob> said so")),
        ("[09:14] <@ada> op", Said("ada", "op")),
        ("[09:14] <~&ada> owner", Said("ada", "owner")),
        ("[09:14] <ada>", Said("ada", "")),
        ("[09:14] <e\u0301va> hi", Said("\xe9va", "hi")),
        ("[09:14] <a\u200bd\u202ea> hi", Said("ada", "hi")),
        ("[09:14]  * ada waves", Said("ada", "/me waves")),
        ("[09:14]  * ada", Said("ada", "")),
        ("[09:14] * ada waves", None),
        ("[09:14] -ada- notice", None),
        ("[24:14] <ada> hello", None),
        ("<ada> hello", None),
        ("=== ada [~a@host] has joined #ubuntu", Came("ada")),
        ("=== ada [n=a@host]  has joined #ubuntu", Came("ada")),
        ("=== [GuS] [n=gus@host]  has joined #ubuntu", Came("[GuS]")),
        ("=== [99] Dragon [n=d@host]  has joined #ubuntu", Came("[99] Dragon")),
        ("=== ada [a@[::1]] has joined #ubuntu", Came("ada")),
        ("=== ada has joined #ubuntu", Came("ada")),
        ("=== ada entered the room.", Came("ada")),
        ("=== ada [a@host] has left #ubuntu []", Went("ada", "left")),
        ('=== ada [a@host] has quit ["x] has joined y"]', Went("ada", "disconnected")),
        ("=== ada [a@host] has quit [a.split b.split]", Went("ada", "disconnected")),
        ("=== ada left the room.", Went("ada", "left")),
        ("=== ada left the room (quit: gone).", Went("ada", "disconnected")),
        ("=== ada left the room (Kicked by bob (enough)).", Went("ada", "kicked")),
        ("=== ada left the room (see you).", Went("ada", "left")),
        ("=== ada was kicked off #ubuntu by bob (enough)", Went("ada", "kicked")),
        ("=== ada has been kicked from the channel by bob", Went("ada", "kicked")),
        ("=== ada is now known as bob", Renamed("ada", "bob")),
        ("=== ada was renamed to Guest12", Renamed("ada", "Guest12")),
        ("=== You have joined #ubuntu", OwnCame()),
        ("=== You are now known as ada_", OwnName("ada_")),
        ("=== You have been kicked from #ubuntu by bob", OwnWent("kicked")),
        ("=== mode/#ubuntu [+o ada] by ChanServ", SILENT),
        ("=== Topic for #ubuntu: read the manual", SILENT),
        ("=== ada changed the topic of #ubuntu to: x", SILENT),
        ("=== ada [a@host] has joinedx", Perhaps("ada [a@host] has joinedx")),
        ("=== ada hums", Perhaps("ada hums")),
        ("=== ada thinks bob has joined #ubuntu", Perhaps("ada thinks bob has joined #ubuntu")),
        ("=== ada is now known as [a] ada", Renamed("ada", "[a] ada")),
        ("=== [a] ada is now known as ada", Renamed("[a] ada", "ada")),
        ("=== ada [a@host] has quit [x is now known as y]", Went("ada", "disconnected")),
        ("=== ada was kicked in the face", Perhaps("ada was kicked in the face")),
        ("=== ada was kicked off #ubuntu by bob (x has joined #ubuntu)", Went("ada", "kicked")),
        ("=== ada [a@host] has quit [ada was kicked off #ubuntu]", Went("ada", "disconnected")),
        ("=== Topic for #ubuntu: bob has joined #ubuntu", SILENT),
        ("=== Ada Lee entered the room.", Came("Ada Lee")),
        ("=== Ada Lee left the room (kicked: spam).", Went("Ada Lee", "kicked")),
        ("=== Ada Lee was kicked from the room by Bob Ray.", Went("Ada Lee", "kicked")),
    ],
    "irssi": [
        ("10:01 < bob> hello", Said("bob", "hello")),
        ("10:01 <@ann> hi bob", Said("ann", "hi bob")),
        ("10:01:05 <+ann> hi", Said("ann", "hi")),
        ("[10:01] <ann> hi", Said("ann", "hi")),
        ("10:02  * ann waves", Said("ann", "/me waves")),
        ("10:00 -!- bob [b@h] has joined #room", Came("bob")),
        ("10:00 -!- bob [b@h] [account] has joined #room", Came("bob")),
        ("10:00 -!- bob [b@h] has left #room [bye]", Went("bob", "left")),
        ("10:00 -!- bob [b@h] has quit [Ping timeout]", Went("bob", "disconnected")),
        ("10:00 -!- bob was kicked from #room by ann [enough]", Went("bob", "kicked")),
        ("10:00 -!- bob is now known as rob", Renamed("bob", "rob")),
        ("10:00 -!- You're now known as rob", OwnName("rob")),
        ("10:00 -!- mode/#room [+o ann] by ChanServ", SILENT),
        ("10:00 -!- ServerMode/#room [+nt] by a.host", SILENT),
        ("10:00 -!- ann changed the topic of #room to: x", SILENT),
        ("10:00 -!- You have been marked as being away", SILENT),
        (
            "10:00 -!- Irssi: #room: Total of 2 nicks [1 ops, 0 halfops, 0 voices, 1 normal]",
            OwnReady(),
        ),
        ("10:00 -!- Irssi: Join to #room was synced in 2 secs", OwnReady()),
        ("10:00 -!- Irssi: Starting query", SILENT),
        ("10:00 -!- ann changed the topic of #room to: bob [b@h] has joined #room", SILENT),
        (
            "10:00 -!- bob was kicked from #room by ann [x [b@h] has joined #room]",
            Went("bob", "kicked"),
        ),
        ("10:00 [Users #room]", SILENT),
        ("10:00 [@ann] [ bob]", SILENT),
        ("10:00 -ann:#room- notice", SILENT),
        (
            "10:00 -!- Netsplit a.host <-> b.host quits: bob, @carl, +dan, (+12 more)",
            Together(tuple(Went(name, "disconnected") for name in ("bob", "carl", "dan"))),
        ),
        ("10:00 -!- Netsplit over, joins: bob, carl", Together((Came("bob"), Came("carl")))),
        ("10:00 -!- bob materialised", None),
        ("--- Log opened Thu Jan 02 10:00:01 2020", Header("opened", local("2020-01-02T10:00"))),
        ("--- Day changed Fri Jan 03 2020", Header("day", local("2020-01-03T00:00"))),
        ("--- Day changed Fr Mai 01 2020", Undated()),
        ("--- Log closed Fri Jan 03 00:06:00 2020", Header("closed", local("2020-01-03T00:06"))),
    ],
    "weechat": [
        ("2020-01-02 10:01:00\tbob\thello", Said("bob", "hello")),
        ("2020-01-02 10:01:00\t@ann\thi\tbob", Said("ann", "hi\tbob")),
        ("2020-01-02T10:01:00.123456Z\tann\thi", Said("ann", "hi")),
        ("2020-01-02 10:02:00\t *\tann waves", Said("ann", "/me waves")),
        ("2020-01-02 10:00:00\t-->\tbob (b@h) has joined #room", Came("bob")),
        ("2020-01-02 10:00:00\t-->\tbob [acc] (Bob B.) (b@h) has joined #room", Came("bob")),
        ("2020-01-02 10:00:00\t<--\tbob (b@h) has left #room (bye)", Went("bob", "left")),
        ("2020-01-02 10:00:00\t<--\tbob (b@h) has quit (a.net b.net)", Went("bob", "disconnected")),
        ("2020-01-02 10:00:00\t<--\tann has kicked bob (enough)", Went("bob", "kicked")),
        ("2020-01-02 10:00:00\t--\tbob is now known as rob", Renamed("bob", "rob")),
        (
            "2020-01-02 10:00:00\t<--\tbob (b@h) has quit (x (x@h) has joined #room)",
            Went("bob", "disconnected"),
        ),
        ("2020-01-02 10:00:00\t--\tYou are now known as rob", OwnName("rob")),
        ("2020-01-02 10:00:00\t--\tChannel #room: 3 nicks (1 op, 2 normals)", OwnReady()),
        ("2020-01-02 10:00:00\t--\tirc: disconnected from server", OwnWent("disconnected")),
        ("2020-01-02 10:00:00\t--\tMode #room [+o ann] by ChanServ", SILENT),
        ("2020-01-02 10:00:00\t--\tanything else", SILENT),
        ("2020-01-02 10:00:00\t-->\tbob materialised", None),
        ("2020-01-02 10:00:00 bob hello", None),
    ],
    "znc": [
        ("[10:01:00] <bob> hello", Said("bob", "hello")),
        ("[10:02:00] * ann waves", Said("ann", "/me waves")),
        ("[10:00:00] *** Joins: bob (b@h)", Came("bob")),
        ("[10:00:00] *** Parts: bob (b@h) (bye)", Went("bob", "left")),
        ("[10:03:00] *** Quits: bob (b@h) (Ping timeout)", Went("bob", "disconnected")),
        ("[10:03:00] *** bob was kicked by ann (enough)", Went("bob", "kicked")),
        ("[10:03:00] *** bob is now known as rob", Renamed("bob", "rob")),
        ("[10:03:00] *** ChanServ sets mode: +o ann", SILENT),
        ("[10:03:00] *** ann changes topic to 'x'", SILENT),
        ("[10:03:00] -ann- notice", SILENT),
        ("[10:03:00] *** bob materialised", None),
    ],
    "hexchat": [
        ("Jan 02 10:01:00 <bob>\thello", Said("bob", "hello")),
        ("Jan 02 10:01:00 <@ann>\thi", Said("ann", "hi")),
        ("Jan 02 10:02:00 *\tann waves", Said("ann", "/me waves")),
        ("Jan 02 10:00:00 *\tbob (b@h) has joined", Came("bob")),
        ("Jan 02 10:00:00 *\tbob (b@h) has left (bye)", Went("bob", "left")),
        ("Jan 02 10:00:00 *\tbob has quit (Ping timeout)", Went("bob", "disconnected")),
        ("Jan 02 10:00:00 *\tbob has quit (x has joined #room)", Went("bob", "disconnected")),
        ("Jan 02 10:00:00 *\tbob has left (x has quit (y))", Went("bob", "left")),
        ("Jan 02 10:00:00 *\tbob has quit smoking", Said("bob", "/me has quit smoking")),
        ("Jan 02 10:00:00 *\tann has kicked bob from #room (enough)", Went("bob", "kicked")),
        ("Jan 02 10:00:00 *\tbob is now known as rob", Renamed("bob", "rob")),
        ("Jan 02 10:00:00 *\tNow talking on #room", OwnCame()),
        ("Jan 02 10:00:00 *\tYou are now known as rob", OwnName("rob")),
        ("Jan 02 10:00:00 *\tDisconnected (Connection reset by peer)", OwnWent("disconnected")),
        ("Jan 02 10:00:00 *\tTopic for #room is: x", SILENT),
        ("Jan 02 10:00:00 *\tChanServ gives channel operator status to ann", SILENT),
        ("Jan 02 10:00:00 -ann-\tnotice", SILENT),
        ("Jan 02 10:00:00 *\tann sets quiet on *!*@host", SILENT),
        ("Jan 02 10:00:00 *\tann removes user limit", SILENT),
        ("Jan 02 10:00:00 *\tChannel #room url: https://room.example", SILENT),
        ("Jan 02 10:00:00 *\tUsers on #room: @ann bob", SILENT),
        ("Jan 02 10:00:00 *\tYou've invited bob to #room (a.host)", SILENT),
        (
            "Jan 02 10:00:00 *\tann wonders who set the topic",
            Said("ann", "/me wonders who set the topic"),
        ),
        ("Jan 02 10:00:00 *\tbob (b@h) materialised", None),
        (
            "**** BEGIN LOGGING AT Thu Jan  2 10:00:00 2020",
            Header("opened", local("2020-01-02T10:00")),
        ),
        ("**** BEGIN LOGGING AT yesterday", Undated()),
        (
            "**** ENDING LOGGING AT Thu Jan  2 11:00:00 2020",
            Header("closed", local("2020-01-02T11:00")),
        ),
    ],
    "mirc": [
        ("[10:01] <bob> hello", Said("bob", "hello")),
        ("[10:01pm] <@ann> hi", Said("ann", "hi")),
        ("<@ann> hi", Said("ann", "hi")),
        ("[10:02] * ann waves", Said("ann", "/me waves")),
        ("[10:00] * bob (b@h) has joined #room", Came("bob")),
        ("[10:00] *** bob (b@h) has joined #room", Came("bob")),
        ("[10:00] *** bob materialised", None),
        ("[10:00] * bob (b@h) materialised", None),
        ("[10:00] * Joins: bob (b@h)", Came("bob")),
        ("[10:00] * bob (b@h) has left #room (bye)", Went("bob", "left")),
        ("[10:03] * bob (b@h) Quit (Ping timeout)", Went("bob", "disconnected")),
        ("[10:03] * bob was kicked by ann (enough)", Went("bob", "kicked")),
        ("[10:03] * bob was kicked by ann (x has joined #room)", Went("bob", "kicked")),
        ("[10:03] * ann kicked bob", Said("ann", "/me kicked bob")),
        ("[10:03] * ann kicked bob from #room (enough)", Went("bob", "kicked")),
        ("[10:03] * Your nick is now rob", OwnName("rob")),
        ("[10:03] * You were kicked by ann (enough)", OwnWent("kicked")),
        ("[10:03] * bob is now known as rob", Renamed("bob", "rob")),
        ("[10:03] * ann sets mode: +o bob", SILENT),
        ("[10:03] * ann changes topic to 'x'", SILENT),
        ("[10:03] * Topic is 'x'", SILENT),
        ("[10:03] * Set by ann on Thu Jan 02 10:00:00", SILENT),
        ("[10:03] * Now talking in #room", OwnCame()),
        ("Session Start: Thu Jan 02 10:00:00 2020", Header("opened", local("2020-01-02T10:00"))),
        ("Session Time: Fri Jan 03 00:00:00 2020", Header("day", local("2020-01-03T00:00"))),
        ("Session Close: Fri Jan 03 00:05:00 2020", Header("closed", local("2020-01-03T00:05"))),
        ("Session Ident: #room", SILENT),
        ("Session Start: yesterday", Undated()),
        ("rubbish", None),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("dialect", "line", "said"),
    [(name, line, said) for name, lines in LINES.items() for line, said in lines],
)
def test_a_line_says(dialect: str, line: str, said: Meaning) -> None:
    assert DIALECTS[dialect].parse(line).what == said


@pytest.mark.parametrize("dialect", LINES)
def test_a_log_shows_its_dialect(dialect: str) -> None:
    found = recognise([line for line, said in LINES[dialect] if said is not None])
    assert found is not None
    assert found.name == dialect


def test_a_log_of_chats_with_seconds_is_zncs_whose_arrivals_may_follow() -> None:
    found = recognise(["[10:00:00] <ann> hello", "[10:00:05] <bob> hi"])
    assert found is not None
    assert found.name == "znc"


def test_what_no_dialect_understands_is_of_none() -> None:
    assert recognise([]) is None
    assert recognise(["10:00 -!- bob materialised", "10:01 -!- ann did"]) is None
    assert recognise(["Dear Sir,", "it was nice", "=== a heading"]) is None


@pytest.mark.timeout(10)
@pytest.mark.parametrize("dialect", LINES)
def test_a_long_line_takes_no_time(dialect: str) -> None:
    starts = (
        "=== ",
        "10:00 -!- ",
        "[10:00:00] *** ",
        "Jan 02 10:00:00 *\t",
        "[10:00] * ",
        "2020-01-02 10:00:00\t-->\t",
    )
    for start in starts:
        for filling in (" (a", "[x] ", "a ", "(", "quits: a, ", " has kicked "):
            DIALECTS[dialect].parse(start + filling * 30_000)
