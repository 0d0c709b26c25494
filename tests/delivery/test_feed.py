"""What the members of one room are sent, seen at their outlets."""

from __future__ import annotations

from chatlog.delivery.feed import Delivered, Feed, Member
from chatlog.delivery.pieces import Piece
from chatlog.delivery.recent import Budget, Recent
from tests.support.outlets import FakeOutlet, never_read

MARK = 100


class Room:
    """A feed whose frames tell their seq, and who has fallen behind."""

    def __init__(self, head: int = 0, *, recent_bytes: int = 10_000) -> None:
        self.fallen: list[Member] = []
        self.delivered = Delivered()
        frames = [frame(seq) for seq in range(1, head + 1)]
        self.feed = Feed(
            "general",
            Recent(head, frames, Budget(recent_bytes)),
            max_buffer_bytes=MARK,
            delivered=self.delivered,
            catch_up=lambda _feed, member: self.fallen.append(member),
        )

    def publish(self, *seqs: int) -> None:
        self.feed.publish([frame(seq) for seq in seqs])

    def admit(
        self, cursor: int, *, notice_seq: int = 0, keeps_up: bool = True
    ) -> tuple[Member, FakeOutlet]:
        outlet = FakeOutlet(keeps_up=keeps_up)
        member = Member(f"s{cursor}", outlet, never_read, cursor, b"(notice)", notice_seq)
        self.feed.admit(member)
        return member, outlet


def frame(seq: int) -> bytes:
    return b"<%03d>" % seq


def test_a_member_at_the_head_gets_each_batch_in_one_write() -> None:
    room = Room()
    _, outlet = room.admit(0)
    room.publish(1)
    room.publish(2, 3, 4)
    assert outlet.got == b"<001><002><003><004>"
    assert outlet.writes == [5, 15]


def test_who_is_behind_gets_nothing_from_the_memory_of_a_server_that_was_cut_off() -> None:
    room = Room(head=3)
    room.feed._is_current = lambda: False
    member, outlet = room.admit(0)
    assert outlet.got == b""
    assert room.fallen == [member]
    assert room.feed.recent.first == 4  # what was before is read from the log


def test_a_batch_of_more_than_the_mark_is_written_in_pieces_of_at_most_that() -> None:
    room = Room()
    _, outlet = room.admit(0)
    room.publish(*range(1, 51))
    assert outlet.writes == [100, 100, 50]
    assert outlet.got == b"".join(map(frame, range(1, 51)))


def test_a_joiner_gets_the_replay_then_its_notice_then_what_follows() -> None:
    room = Room(head=5)
    room.publish(6, 7)
    _, outlet = room.admit(2, notice_seq=6)
    room.publish(8)
    assert outlet.got == b"<003><004><005><006>(notice)<007><008>"


def test_a_notice_is_sent_once() -> None:
    room = Room(head=1)
    _, outlet = room.admit(0, notice_seq=1)
    room.publish(2)
    assert outlet.got.count(b"(notice)") == 1


def test_a_member_over_the_mark_is_behind_and_written_no_more() -> None:
    room = Room()
    member, outlet = room.admit(0, keeps_up=False)
    room.publish(*range(1, 21))
    assert room.fallen == []
    room.publish(21, 22)
    assert room.fallen == [member]
    assert member.cursor == 22
    room.publish(*range(23, 100))
    assert outlet.got == b"".join(map(frame, range(1, 23)))
    assert set(room.feed.lagging) == {"s0"}
    assert room.feed.live == {}


def test_a_slow_member_does_not_keep_the_others_waiting() -> None:
    room = Room()
    room.admit(0, keeps_up=False)
    other = FakeOutlet()
    room.feed.admit(Member("other", other, never_read, 0))
    room.publish(*range(1, 201))
    assert other.got == b"".join(map(frame, range(1, 201)))


def test_a_member_who_reads_again_gets_the_rest_from_the_recent_frames_and_is_live() -> None:
    room = Room()
    member, outlet = room.admit(0, keeps_up=False)
    room.publish(*range(1, 61))
    while not room.feed.advance(member):
        assert outlet.unread <= 2 * MARK
        outlet.read()
    outlet.read()
    room.publish(61)
    assert outlet.got == b"".join(map(frame, range(1, 62)))
    assert room.feed.lagging == {}


def test_a_member_further_back_than_the_recent_frames_must_be_read_for() -> None:
    room = Room(head=30, recent_bytes=50)
    member, outlet = room.admit(5)
    assert room.fallen == [member]
    assert not room.feed.advance(member)
    assert outlet.got == b""


def test_a_replay_that_the_socket_does_not_take_is_caught_up() -> None:
    room = Room(head=100)
    member, outlet = room.admit(0, notice_seq=100, keeps_up=False)
    assert room.fallen == [member]
    assert outlet.unread <= 2 * MARK
    while not room.feed.advance(member):
        outlet.read()
    assert outlet.got == b"".join(map(frame, range(1, 101))) + b"(notice)"


def test_its_own_leave_is_the_last_frame_a_member_gets() -> None:
    room = Room(head=1)
    member, outlet = room.admit(0)
    room.publish(2)
    assert room.feed.dismiss("s0", 3) is member
    room.publish(3, 4)
    room.feed.admit(member)
    room.publish(5)
    assert outlet.got == b"<001><002><003>"
    assert room.feed.is_empty


def test_a_large_batch_with_its_own_leave_is_written_in_pieces_as_the_socket_takes_it() -> None:
    room = Room()
    member, outlet = room.admit(0, keeps_up=False)
    room.feed.dismiss("s0", 100)
    room.publish(*range(1, 101))
    room.feed.admit(member)
    assert outlet.most_unread <= 2 * MARK
    while not room.feed.advance(member):
        outlet.read()
    assert outlet.got == b"".join(map(frame, range(1, 101)))
    assert outlet.most_unread <= 2 * MARK


def test_a_member_dismissed_while_behind_gets_all_up_to_its_leave_and_no_more() -> None:
    room = Room()
    member, outlet = room.admit(0, keeps_up=False)
    room.publish(*range(1, 31))
    assert room.feed.dismiss("s0", 40) is None
    room.publish(*range(31, 50))
    while not room.feed.advance(member):
        outlet.read()
    assert outlet.got == b"".join(map(frame, range(1, 41)))
    assert room.feed.is_empty


def test_an_unknown_session_is_dismissed_and_dropped_in_silence() -> None:
    room = Room()
    assert room.feed.dismiss("nobody", 1) is None
    room.feed.drop("nobody")
    assert room.feed.is_empty


def test_a_dropped_member_gets_nothing_more() -> None:
    room = Room()
    member, outlet = room.admit(0)
    room.publish(1)
    room.feed.drop("s0")
    room.publish(2)
    assert outlet.got == b"<001>"
    assert not member.gone  # only a catch-up needs to be told


def test_a_member_behind_who_is_dropped_is_told_to_its_catch_up() -> None:
    room = Room()
    member, outlet = room.admit(0, keeps_up=False)
    room.publish(*range(1, 31))
    room.feed.drop("s0")
    assert member.gone
    outlet.read()
    before = bytes(outlet.got)
    assert room.feed.advance(member)
    assert outlet.got == before
    assert room.feed.is_empty


def test_what_was_delivered_is_counted() -> None:
    room = Room(head=2)
    room.admit(1)
    outlet = FakeOutlet()
    room.feed.admit(Member("other", outlet, never_read, 2))
    room.publish(3, 4)
    assert (room.delivered.events, room.delivered.bytes, room.delivered.slow) == (5, 25, 0)


def test_a_member_who_is_given_up_on_is_counted_and_forgotten() -> None:
    room = Room()
    member, _ = room.admit(0, keeps_up=False)
    room.publish(*range(1, 31))
    room.feed.let_go(member)
    assert room.delivered.slow == 1
    assert room.feed.is_empty


class DigestRoom(Room):
    """A room whose member wants digests; the others get their events."""

    def __init__(self, *, keeps_up: bool = True) -> None:
        super().__init__()
        self.outlet = FakeOutlet(keeps_up=keeps_up)
        self.member = Member("digest", self.outlet, never_read, 0, wants_digest=True)
        self.feed.admit(self.member)

    def publish_run(self, first: int, last: int) -> None:
        frames = [frame(seq) for seq in range(first, last + 1)]
        self.feed.publish(frames, [Piece(b"<%d-%d>" % (first, last), last)])


def test_a_member_who_wants_digests_gets_pieces_and_the_others_get_their_frames() -> None:
    room = DigestRoom()
    _, other = room.admit(0)
    room.publish_run(1, 3)
    room.feed.publish([frame(4)], [Piece(frame(4), 4)])
    assert room.outlet.got == b"<1-3><004>"
    assert other.got == b"<001><002><003><004>"
    assert room.delivered.events == 2 + 4  # what was written


def test_pieces_are_needed_only_while_a_member_at_the_head_wants_them() -> None:
    room = DigestRoom()
    before = (room.feed.wants_digest, room.feed.is_empty)
    room.feed.drop("digest")
    after = (room.feed.wants_digest, room.feed.is_empty)
    assert (before, after) == ((True, False), (False, True))
    room.publish(1)
    assert room.outlet.got == b""


def test_a_member_who_wants_digests_gets_events_from_the_end_of_the_last_one_while_it_lags() -> (
    None
):
    room = DigestRoom(keeps_up=False)
    room.feed.publish([frame(seq) for seq in range(1, 4)], [Piece(b"x" * 101, 3)])
    assert room.fallen == [room.member]
    room.publish(4, 5)
    room.outlet.read()
    assert room.feed.advance(room.member)
    room.outlet.keeps_up = True
    room.publish_run(6, 8)
    assert room.outlet.got == b"x" * 101 + b"<004><005><6-8>"


def test_a_member_who_falls_behind_within_a_batch_goes_on_after_the_last_piece_it_got() -> None:
    room = DigestRoom(keeps_up=False)
    pieces = [Piece(b"a" * 60, 3), Piece(b"b" * 60, 4), Piece(b"c" * 60, 6)]
    room.feed.publish([frame(seq) for seq in range(1, 7)], pieces)
    assert (room.fallen, room.member.cursor) == ([room.member], 4)
    room.outlet.read()
    assert room.feed.advance(room.member)
    assert room.outlet.got == b"a" * 60 + b"b" * 60 + b"<005><006>"


def test_the_last_batch_of_a_member_who_wants_digests_ends_with_its_own_leave() -> None:
    room = DigestRoom()
    leaving = room.feed.dismiss("digest", 2)
    assert leaving is room.member
    room.publish(1, 2, 3)
    room.feed.admit(leaving)
    assert room.outlet.got == b"<001><002>"
    assert room.feed.is_empty
