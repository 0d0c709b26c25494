"""Arrivals and departures wait for each other, for a while, and for nobody who waits for them."""

from __future__ import annotations

from chatlog.delivery.feed import Delivered, Feed, Member
from chatlog.delivery.gathering import Gathering
from chatlog.delivery.pieces import Piece
from chatlog.delivery.recent import Budget, Recent
from tests.support.feeds import FakeClock
from tests.support.outlets import FakeOutlet, never_read

MARK = 100
MEMBERS = 10
PAUSE = MEMBERS * 0.01


class Room:
    """A room of members at the head, to whom the first batch was written just now."""

    def __init__(
        self, *, max_seconds: float = 1, members: int = MEMBERS, wants: bool = False
    ) -> None:
        self.clock = FakeClock()
        self.fallen: list[Member] = []
        gathering = Gathering(
            self.clock, max_seconds=max_seconds, max_bytes=MARK, seconds_a_member=0.01
        )
        self.feed = Feed(
            "general",
            Recent(0, [], Budget(10_000)),
            max_buffer_bytes=MARK,
            delivered=Delivered(),
            catch_up=lambda _feed, member: self.fallen.append(member),
            gathering=gathering,
        )
        self.outlets = [FakeOutlet() for _ in range(members)]
        for number, outlet in enumerate(self.outlets):
            self.feed.admit(Member(f"s{number}", outlet, never_read, 0, wants_digest=wants))
        self.arrive(1)
        self.forget()

    def arrive(self, *seqs: int) -> None:
        pieces = [Piece(b"<to %d>" % seqs[-1], seqs[-1])]
        self.feed.publish([frame(seq) for seq in seqs], pieces, may_wait=True)

    def say(self, seq: int) -> None:
        self.feed.publish([frame(seq)], [Piece(frame(seq), seq)])

    def join(self, cursor: int, session: str = "new") -> FakeOutlet:
        outlet = FakeOutlet()
        self.feed.admit(Member(session, outlet, never_read, cursor))
        return outlet

    def forget(self) -> None:
        for outlet in self.outlets:
            outlet.got.clear()
            outlet.writes.clear()

    def got(self) -> set[tuple[bytes, int]]:
        return {(bytes(outlet.got), len(outlet.writes)) for outlet in self.outlets}


def frame(seq: int) -> bytes:
    return b"<%03d>" % seq


def test_the_first_batch_in_a_while_is_written_at_once() -> None:
    room = Room()
    room.clock.move(PAUSE)
    room.arrive(2)
    assert room.got() == {(b"<002>", 1)}
    assert not room.clock.calls


def test_the_batches_of_a_pause_are_one_write() -> None:
    room = Room()
    room.arrive(2)
    room.clock.move(PAUSE * 0.6)
    room.arrive(3, 4)
    assert room.got() == {(b"", 0)}
    room.clock.move(PAUSE * 0.5)
    assert room.got() == {(b"<002><003><004>", 1)}
    room.arrive(5)
    room.clock.move(PAUSE * 1.1)
    assert room.got() == {(b"<002><003><004><005>", 2)}


def test_the_pause_grows_with_the_members_up_to_a_limit() -> None:
    for members, max_seconds, pause in ((10, 1, 0.1), (20, 1, 0.2), (20, 0.15, 0.15)):
        room = Room(members=members, max_seconds=max_seconds)
        room.arrive(2)
        room.clock.move(pause - 0.001)
        assert room.got() == {(b"", 0)}
        room.clock.move(0.002)
        assert room.got() == {(b"<002>", 1)}


def test_a_limit_of_0_makes_nothing_wait() -> None:
    room = Room(max_seconds=0)
    room.arrive(2)
    assert room.got() == {(b"<002>", 1)}


def test_whatever_else_is_published_takes_along_what_waits_and_comes_after_it() -> None:
    room = Room()
    room.arrive(2)
    room.arrive(3)
    room.say(4)
    assert room.got() == {(b"<002><003><004>", 1)}
    assert not room.clock.calls


def test_no_more_waits_than_a_reader_may_lag() -> None:
    room = Room()
    for seq in range(2, 22):
        room.arrive(seq)
    assert room.got() == {(b"", 0)}
    room.arrive(22)
    whole = b"".join(map(frame, range(2, 23)))
    assert room.got() == {(whole, 2)}


def test_who_comes_meanwhile_is_answered_at_once_and_gets_the_rest_once() -> None:
    room = Room()
    room.arrive(2)
    first = room.join(1, "first")
    room.arrive(3)
    second = room.join(0, "second")
    assert first.got == b"<002>"
    assert second.got == b"<001><002><003>"
    room.arrive(4)
    room.clock.move(PAUSE)
    assert first.got == b"<002><003><004>"
    assert second.got == b"<001><002><003><004>"
    assert room.got() == {(b"<002><003><004>", 1)}
    room.say(5)
    assert first.got == b"<002><003><004><005>"
    assert len(second.writes) == 3


def test_who_leaves_meanwhile_gets_all_up_to_the_own_leave_at_once() -> None:
    room = Room()
    room.arrive(2)
    came = room.join(1)
    for session, outlet in (("s0", room.outlets[0]), ("new", came)):
        head = room.feed.recent.head
        leaving = room.feed.dismiss(session, head + 1)
        assert leaving is not None
        room.arrive(head + 1, head + 2)
        room.feed.admit(leaving)
        assert bytes(outlet.got) == b"".join(map(frame, range(2, head + 2)))
    assert room.outlets[1].got == b""
    room.clock.move(PAUSE)
    assert room.outlets[0].got == b"<002><003>"
    assert room.outlets[1].got == b"<002><003><004><005><006>"
    assert len(room.feed.live) == MEMBERS - 1


def test_who_is_gone_meanwhile_is_written_nothing() -> None:
    room = Room(members=1)
    room.arrive(2)
    came = room.join(2)
    room.feed.drop("new")
    room.feed.drop("s0")
    assert room.feed.is_empty
    room.clock.move(PAUSE)
    assert came.got == room.outlets[0].got == b""


def test_who_wants_digests_gets_those_of_each_batch_and_newcomers_get_the_events() -> None:
    room = Room(wants=True)
    room.arrive(2, 3)
    outlet = FakeOutlet()
    room.feed.admit(Member("new", outlet, never_read, 3, wants_digest=True))
    room.arrive(4, 5)
    room.clock.move(PAUSE)
    assert room.got() == {(b"<to 3><to 5>", 1)}
    assert outlet.got == b"<004><005>"
    room.arrive(6, 7)
    room.clock.move(2 * PAUSE)
    assert outlet.got == b"<004><005><to 7>"


def test_a_failure_when_the_time_has_come_is_told() -> None:
    room = Room()
    failures: list[Exception] = []
    room.feed._failed = failures.append
    room.arrive(2)

    def fail(_frames: bytes) -> None:
        raise ValueError

    room.outlets[3].write = fail  # type: ignore[method-assign]
    room.clock.move(PAUSE)
    assert [type(failure) for failure in failures] == [ValueError]


def test_a_room_that_is_closed_calls_nothing_any_more() -> None:
    room = Room()
    room.arrive(2)
    room.feed.close()
    assert not room.clock.calls
