"""Members come, lag, leave, close and are published to at random: nobody misses a frame."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from chatlog.delivery.feed import Delivered, Feed, Member
from chatlog.delivery.gathering import Gathering
from chatlog.delivery.recent import Budget, Recent
from tests.support.feeds import FakeClock, catch_up_a_step
from tests.support.outlets import FakeOutlet, never_read

MARK = 60
LARGEST = 40
NOTICE = b"(notice)"


@dataclass(eq=False)
class Reader:
    member: Member
    outlet: FakeOutlet
    first: int
    notice_seq: int
    last: int | None = None


class Feeds(RuleBasedStateMachine):
    """``log`` is what was published; a reader's bytes must always be a run of it."""

    def __init__(self) -> None:
        super().__init__()
        self.log: list[bytes] = []
        self.readers: list[Reader] = []
        self.clock = FakeClock()
        self.feed = Feed(
            "general",
            Recent(0, [], Budget(150)),
            max_buffer_bytes=MARK,
            delivered=Delivered(),
            catch_up=lambda _feed, _member: None,
            gathering=Gathering(self.clock, max_seconds=1, max_bytes=MARK, seconds_a_member=1),
        )

    def new_frames(self, sizes: list[int]) -> list[bytes]:
        return [b"<%d%s>" % (len(self.log) + n, b"." * size) for n, size in enumerate(sizes, 1)]

    @rule(
        sizes=st.lists(st.integers(0, LARGEST - 8), min_size=1, max_size=8),
        may_wait=st.booleans(),
    )
    def publish(self, sizes: list[int], may_wait: bool) -> None:
        frames = self.new_frames(sizes)
        self.log += frames
        self.feed.publish(frames, may_wait=may_wait)

    @rule()
    def wait(self) -> None:
        self.clock.move(1)

    @rule(
        back=st.integers(0, 40),
        keeps_up=st.booleans(),
        after=st.integers(0, 2),
        may_wait=st.booleans(),
    )
    def join(self, back: int, keeps_up: bool, after: int, may_wait: bool) -> None:
        """Publish a batch with a join in it and admit the new member, as one dispatch does."""
        frames = self.new_frames([0] * (1 + after))
        own = len(self.log) + 1
        self.log += frames
        self.feed.publish(frames, may_wait=may_wait)
        first = max(1, own - back)
        outlet = FakeOutlet(keeps_up=keeps_up)
        member = Member(f"s{own}", outlet, never_read, first - 1, NOTICE, own)
        self.readers.append(Reader(member, outlet, first, own))
        self.feed.admit(member)

    @precondition(lambda self: self.readers)
    @rule(data=st.data(), before=st.integers(0, 6), after=st.integers(0, 2), may_wait=st.booleans())
    def leave(self, data: st.DataObject, before: int, after: int, may_wait: bool) -> None:
        reader = data.draw(st.sampled_from(self.readers))
        if reader.last is not None or not reader.outlet.is_open:
            return
        frames = self.new_frames([9] * before + [0] * (1 + after))
        reader.last = len(self.log) + before + 1
        dismissed = self.feed.dismiss(reader.member.session, reader.last)
        self.log += frames
        self.feed.publish(frames, may_wait=may_wait)
        if dismissed is not None:
            self.feed.admit(dismissed)

    @precondition(lambda self: self.readers)
    @rule(data=st.data(), size=st.none() | st.integers(1, 80))
    def read(self, data: st.DataObject, size: int | None) -> None:
        data.draw(st.sampled_from(self.readers)).outlet.read(size)

    @precondition(lambda self: self.readers)
    @rule(data=st.data())
    def close(self, data: st.DataObject) -> None:
        reader = data.draw(st.sampled_from(self.readers))
        reader.outlet.is_open = False
        self.feed.drop(reader.member.session)

    @rule()
    def erase(self) -> None:
        self.feed.recent.clear()

    @rule()
    def catch_up(self) -> None:
        for member in list(self.feed.lagging.values()):
            self.step(member)

    def step(self, member: Member) -> None:
        catch_up_a_step(self.feed, member, self.log, MARK)

    @invariant()
    def each_got_a_run_of_the_log_with_the_notice_in_its_place(self) -> None:
        for reader in self.readers:
            got, seq = bytes(reader.outlet.got), reader.first
            while got:
                assert seq <= len(self.log)
                assert got.startswith(self.log[seq - 1])
                got = got[len(self.log[seq - 1]) :]
                if seq == reader.notice_seq:
                    assert got.startswith(NOTICE)
                    got = got[len(NOTICE) :]
                assert reader.last is None or seq <= reader.last
                seq += 1

    @invariant()
    def what_waits_is_bounded(self) -> None:
        for reader in self.readers:
            assert reader.outlet.most_unread <= 2 * MARK + len(NOTICE)

    @invariant()
    def live_members_have_had_all_but_what_is_gathered(self) -> None:
        gathered = len(self.feed._gathering.frames)  # type: ignore[union-attr]
        for reader in self.readers:
            session = reader.member.session
            if session in self.feed.live:
                assert reader.outlet.got.endswith((self.log[-1 - gathered], NOTICE))
                assert reader.last is None
            if session in self.feed.newcomers:
                cursor = reader.member.cursor
                assert len(self.log) - gathered < cursor <= len(self.log)
                assert reader.outlet.got.endswith((self.log[cursor - 1], NOTICE))

    @invariant()
    def whatever_waits_does_so_for_a_timer(self) -> None:
        assert len(self.clock.calls) == bool(self.feed._gathering.frames)  # type: ignore[union-attr]

    def teardown(self) -> None:
        self.wait()
        assert not self.feed.newcomers
        for _ in range(10_000):
            if not self.feed.lagging:
                break
            for member in list(self.feed.lagging.values()):
                member.outlet.read()  # type: ignore[attr-defined]
                self.step(member)
        assert not self.feed.lagging
        for reader in self.readers:
            if reader.outlet.is_open:
                end = len(self.log) if reader.last is None else reader.last
                wanted = b"".join(self.log[reader.first - 1 : end])
                assert bytes(reader.outlet.got).replace(NOTICE, b"") == wanted
                assert reader.outlet.got.count(NOTICE) == 1


TestFeeds = Feeds.TestCase
TestFeeds.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
