"""One room's live stream on this node: its recent frames and its members' cursors.

Promises: a member gets every seq from its first one on exactly once, in order, and its
notice right after the seq it belongs to; a task of its own, not ``publish``, serves a member
that lags; ``publish`` costs one write per member. Arrivals and departures may wait for the next
ones, and for whatever else is published, before live members are written them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from chatlog.delivery.gathering import Gathering
from chatlog.delivery.outlet import Outlet
from chatlog.delivery.pages import PageBudget, Pages, ReadFrames
from chatlog.delivery.pieces import Piece, join_pieces
from chatlog.delivery.recent import Recent, join_frames


@dataclass(slots=True, eq=False)
class Member:
    """One session's cursor: ``cursor`` is the last seq that was written to ``outlet``.

    ``read`` reads with this member's right the frames that are no longer in memory. ``notice`` is
    sent once the cursor reaches ``notice_seq`` (0: already sent). ``last``, if set, is the last seq
    that the member gets, but for the ``farewell``, which follows it. While it is live, one that
    ``wants_digest`` gets pieces instead of frames.
    """

    session: str
    outlet: Outlet
    read: ReadFrames
    cursor: int
    notice: bytes = b""
    notice_seq: int = 0
    last: int | None = None
    wants_digest: bool = False
    farewell: bytes = b""
    gone: bool = field(default=False)


@dataclass(slots=True)
class Delivered:
    """Counts of deliveries so far, for the metrics."""

    events: int = 0
    bytes: int = 0
    slow: int = 0


class Feed:
    """The members of one room and their delivery.

    ``catch_up`` is called with a member that has fallen behind; it must call ``advance`` for it
    until that returns True. Members at the head are in ``live``, or in ``live_digest`` if they want
    digests. ``gathering`` has what these have not been written yet. A member who comes meanwhile
    has been written it, and is in ``newcomers`` until they have. ``is_current`` returns whether
    frames in memory are as in the log: a server that was cut off has not heard what was erased.
    ``failed`` is told of a failure while nobody publishes.
    """

    __slots__ = (
        "_catch_up",
        "_delivered",
        "_failed",
        "_gathering",
        "_is_current",
        "_mark",
        "lagging",
        "live",
        "live_digest",
        "newcomers",
        "pages",
        "recent",
        "room",
    )

    def __init__(
        self,
        room: str,
        recent: Recent,
        *,
        max_buffer_bytes: int,
        delivered: Delivered,
        catch_up: Callable[[Feed, Member], None],
        is_current: Callable[[], bool] = lambda: True,
        pages: Pages | None = None,
        gathering: Gathering | None = None,
        failed: Callable[[Exception], None] | None = None,
    ) -> None:
        self.room = room
        self.recent = recent
        self.pages = Pages(PageBudget(0)) if pages is None else pages
        self.live: dict[str, Member] = {}
        self.live_digest: dict[str, Member] = {}
        self.newcomers: dict[str, Member] = {}
        self.lagging: dict[str, Member] = {}
        self._mark = max_buffer_bytes
        self._delivered = delivered
        self._catch_up = catch_up
        self._gathering = gathering
        self._failed = failed
        self._is_current = is_current

    @property
    def is_empty(self) -> bool:
        """Whether the room has no members."""
        return not (self.live or self.live_digest or self.newcomers or self.lagging)

    @property
    def wants_digest(self) -> bool:
        """Whether ``publish`` needs the pieces of its frames."""
        return bool(self.live_digest)

    def publish(
        self, frames: list[bytes], pieces: Sequence[Piece] = (), *, may_wait: bool = False
    ) -> None:
        """Append the frames of the next seqs and write them to all members at the head.

        Members who want digests are written ``pieces``, which cover the same seqs. Frames that
        ``may_wait`` are written together with later ones, if they come soon.
        """
        self.recent.extend(frames)
        gathering = self._gathering
        if gathering is not None and (may_wait or gathering.frames):
            gathering.add(frames, pieces)
            members = len(self.live) + len(self.live_digest)
            if not (may_wait and gathering.waits(members, self._flush_in_time)):
                self.flush()
        else:
            self._write_live(frames, pieces)

    def flush(self) -> None:
        """Write the members at the head what was gathered for them."""
        if self._gathering is None or not self._gathering.frames:
            return
        self._write_live(*self._gathering.take())
        newcomers, self.newcomers = self.newcomers, {}
        for member in newcomers.values():
            self.admit(member)

    def _flush_in_time(self) -> None:
        try:
            self.flush()
        except Exception as error:
            if self._failed is None:
                raise
            self._failed(error)

    def _write_live(self, frames: list[bytes], pieces: Sequence[Piece]) -> None:
        seq = self.recent.head - len(frames) + 1
        if self.live_digest:
            assert pieces
            assert pieces[-1].last == self.recent.head
            for buffer, last, taken in join_pieces(pieces, self._mark):
                self._push(self.live_digest, buffer, last, taken)
        if not self.live:
            return
        start = 0
        while start < len(frames):
            buffer, last = join_frames(frames[start:], seq + start, self._mark)
            taken = last - (seq + start) + 1
            start += taken
            self._push(self.live, buffer, last, taken)

    def _push(self, members: dict[str, Member], buffer: bytes, last: int, taken: int) -> None:
        mark = self._mark
        behind = []
        for member in members.values():
            outlet = member.outlet
            outlet.write(buffer)
            if outlet.waiting() > mark:
                behind.append(member)
        self._delivered.events += taken * len(members)
        self._delivered.bytes += len(buffer) * len(members)
        for member in behind:
            del members[member.session]
            member.cursor = last
            self._fall_behind(member)

    def admit(self, member: Member) -> None:
        """Add a member at its cursor, which may be far behind the head."""
        if not self.advance(member):
            self._fall_behind(member)

    def _fall_behind(self, member: Member) -> None:
        self.lagging[member.session] = member
        self._catch_up(self, member)

    def advance(self, member: Member) -> bool:
        """Write as much as recent frames and the socket allow; return True when done.

        The member is then live or, past its last seq, removed.
        """
        outlet = member.outlet
        if not self._is_current():
            self.forget()  # the member is sent what the log has
        while member.cursor < self._target(member) and not member.gone:
            if outlet.waiting() > self._mark or member.cursor + 1 < self.recent.first:
                return False
            stop = self._stop(member)
            buffer, last = self.recent.since(member.cursor + 1, stop, self._mark)
            self.write(member, buffer, last)
        if outlet.waiting() > self._mark and outlet.is_open:
            return False
        self._arrive(member)
        return True

    def write(self, member: Member, buffer: bytes, last: int) -> None:
        """Write frames that end at seq ``last`` to a member that is behind."""
        self._delivered.events += last - member.cursor
        self._delivered.bytes += len(buffer)
        member.cursor = last
        if last == member.notice_seq:
            buffer += member.notice
            member.notice, member.notice_seq = b"", 0
        member.outlet.write(buffer)

    def stop_before_notice(self, member: Member, last: int) -> int:
        """Return the last seq that may be written to a member before its notice."""
        return min(last, self._stop(member))

    def _stop(self, member: Member) -> int:
        target = self._target(member)
        return min(target, member.notice_seq) if member.notice_seq > member.cursor else target

    def _target(self, member: Member) -> int:
        return self.recent.head if member.last is None else member.last

    def _arrive(self, member: Member) -> None:
        self.lagging.pop(member.session, None)
        if member.gone or not member.outlet.is_open:
            return
        if member.farewell:
            member.outlet.write(member.farewell)
        if member.last is None:
            self._seat_of(member)[member.session] = member

    def _seat_of(self, member: Member) -> dict[str, Member]:
        if self._unwritten:
            return self.newcomers
        return self.live_digest if member.wants_digest else self.live

    @property
    def _unwritten(self) -> int:
        """The number of frames that live members have not been written."""
        return 0 if self._gathering is None else len(self._gathering.frames)

    def forget(self) -> None:
        """Forget the frames of all events: their content may have changed in the log."""
        self.recent.clear()
        self.pages.clear()

    def close(self) -> None:
        """Give back what the frames took of the server's memory: the room is not served here."""
        self.recent.close()
        self.pages.close()
        if self._gathering is not None:
            self._gathering.take()

    def dismiss(self, session: str, last: int) -> Member | None:
        """Make a session's own leave, at a seq not yet published, the last event it gets.

        A live member is returned, for the caller to admit again once that seq is published. A
        lagging member reaches it by itself.
        """
        if session in self.lagging:
            self.lagging[session].last = last
            return None
        member = self._pop_live(session)
        if member is not None:
            member.last = last
        return member

    def _pop_live(self, session: str) -> Member | None:
        """Take a member out that has been written all but what is gathered, or all."""
        if (member := self.newcomers.pop(session, None)) is not None:
            return member
        member = self.live.pop(session, None) or self.live_digest.pop(session, None)
        if member is not None:
            member.cursor = self.recent.head - self._unwritten
        return member

    def is_serving(self, outlet: Outlet) -> bool:
        """Whether a member with this outlet is still being caught up."""
        return any(member.outlet is outlet for member in self.lagging.values())

    def drop(self, session: str) -> None:
        """Forget a session whose socket is gone."""
        self._pop_live(session)
        if (member := self.lagging.pop(session, None)) is not None:
            member.gone = True

    def let_go(self, member: Member) -> None:
        """Disconnect a member that makes no progress."""
        self._delivered.slow += 1
        self.drop(member.session)
