"""The generator's counting, checked with planted faults: what it misses would be no result."""

import socket
from collections.abc import Iterator
from typing import Literal

import pytest

from bench.crowd import Crowd, places
from bench.dialects import CHATLOG, NODE, Dialect
from bench.marks import marked_text
from bench.member import Member
from bench.receive import parse, sweep
from bench.result import Line
from bench.room import Seats
from bench.tally import Tally, tally

ROOM = "room"
Pair = tuple[Member, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    """Give a member and the server's end of its connection."""
    mine, servers = socket.socketpair()
    mine.setblocking(False)
    with mine, servers:
        yield Member(0, ROOM, mine), servers


def chat(number: int, sender: int = 7) -> bytes:
    return b'{"message":"' + marked_text(sender, number).encode() + b'"}'


def judged(member: Member, sent: int, dialect: Dialect = NODE) -> Tally:
    crowd = Crowd.__new__(Crowd)
    crowd.members, crowd.dialect = [member], dialect
    crowd.sent = {ROOM: sent}
    return tally(crowd, 1.0, 1.0, 1.0)


@pytest.mark.parametrize("cut", range(13, 60))
def test_a_mark_cut_in_two_by_a_read_is_counted_once(pair: Pair, cut: int) -> None:
    member, server = pair
    for part in (chat(1)[:cut], chat(1)[cut:]):
        server.send(part)
        sweep(member)
    assert member.marks == 1


@pytest.mark.parametrize("cut", range(13, 60))
def test_a_watched_mark_cut_in_two_by_a_read_is_parsed_once(pair: Pair, cut: int) -> None:
    member, server = pair
    text = chat(1)
    for part in (text[:cut], text[cut:]):
        server.send(part)
        parse(member)
    assert (member.marks, member.last_number) == (1, {7: 1})


def test_a_clean_run_has_no_faults(pair: Pair) -> None:
    member, server = pair
    server.send(chat(1) + chat(2) + b'{"type":"ack"}{"type":"ack"}')
    parse(member)
    assert judged(member, 2, CHATLOG).faults == ""


def test_a_lost_chat_is_seen(pair: Pair) -> None:
    member, server = pair
    server.send(chat(1) + chat(2))
    sweep(member)
    assert judged(member, 3).faults == "1 lost"


def test_a_repeated_chat_is_seen(pair: Pair) -> None:
    member, server = pair
    server.send(chat(1) + chat(1))
    sweep(member)
    assert judged(member, 1).faults == "1 repeated"


def test_a_chat_lost_and_another_repeated_are_out_of_order(pair: Pair) -> None:
    member, server = pair
    server.send(chat(1) + chat(3) + chat(3))
    parse(member)
    assert judged(member, 3).faults == "2 out of order"


def test_a_missing_ack_is_seen(pair: Pair) -> None:
    member, server = pair
    server.send(chat(1))
    parse(member)
    assert judged(member, 1, CHATLOG).faults == "1 unacknowledged"


def test_a_cut_connection_is_seen(pair: Pair) -> None:
    member, server = pair
    server.close()
    sweep(member)
    assert judged(member, 0).faults == "1 connections cut"


@pytest.mark.parametrize("nodes", [1, 2, 4])
def test_the_members_of_each_room_and_all_senders_are_spread_evenly_over_the_nodes(
    nodes: int,
) -> None:
    seats = Seats(members=160, rooms=20, senders=20)
    at = [place % nodes for place in places(seats.names)]
    for room in range(20):
        assert sorted(at[room::20]) == sorted([*range(nodes)] * (8 // nodes))
    assert sorted(at[:20]) == sorted([*range(nodes)] * (20 // nodes))


@pytest.mark.parametrize(("better", "holds"), [("more", False), ("less", True)])
def test_a_bound_is_the_most_where_less_is_better(
    better: Literal["more", "less"], holds: bool
) -> None:
    assert Line("s", "what", "ms", [3.0], better=better, target=("chatlog", 5.0)).holds is holds
