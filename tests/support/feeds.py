"""Steps of a feed in tests that drive it by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chatlog.delivery.feed import Feed, Member
from chatlog.delivery.recent import join_frames


class FakeClock:
    """A clock that stands still until it is moved on, and what is to be called then."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.calls: list[FakeTimer] = []

    def time(self) -> float:
        return self.now

    def call_later(self, delay: float, callback: Callable[[], None], /) -> FakeTimer:
        self.calls.append(FakeTimer(self, self.now + delay, callback))
        return self.calls[-1]

    def move(self, seconds: float) -> None:
        """Let time pass, and call what is due."""
        self.now += seconds
        for timer in [timer for timer in self.calls if timer.at <= self.now]:
            timer.cancel()
            timer.callback()


class FakeTimer:
    """A call to come."""

    def __init__(self, clock: FakeClock, at: float, callback: Callable[[], None]) -> None:
        self.clock, self.at, self.callback = clock, at, callback

    def cancel(self) -> None:
        if self in self.clock.calls:
            self.clock.calls.remove(self)


def catch_up_a_step(feed: Feed, member: Member, frames: Sequence[bytes], mark: int) -> None:
    """Do what the task that catches a member up does between two waits.

    ``frames`` are those of the log, from seq 1 on, and ``mark`` is the feed's ``max_buffer_bytes``.
    """
    if feed.advance(member) or member.cursor + 1 >= feed.recent.first:
        return
    first = member.cursor + 1
    stop = feed.stop_before_notice(member, first + 9)
    if stop >= first and member.outlet.waiting() <= mark:
        buffer, last = join_frames(frames[first - 1 : stop], first, mark)
        feed.write(member, buffer, last)
