"""Steps of a feed in tests that drive it by hand."""

from __future__ import annotations

from collections.abc import Sequence

from chatlog.delivery.feed import Feed, Member
from chatlog.delivery.recent import join_frames


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
