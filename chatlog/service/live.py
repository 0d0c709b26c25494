"""A room that somebody on this node is in: its presence, its feed, those who are joining.

Dispatch and joining are one step: a joiner waits in ``joining`` until its own join event
comes along the log like anybody's, and its cursor is placed while that event is
dispatched. There is no moment in between, so nothing is missed and nothing repeated.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from chatlog.delivery.feed import Feed, Member
from chatlog.delivery.outlet import Outlet
from chatlog.domain.events import Erased, Joined, Left, Recorded
from chatlog.projections.presence import Presence
from chatlog.wire.answers import CaughtUp, UsersFrame, encode_answer
from chatlog.wire.events import encode
from chatlog.wire.frames import text_frame

_LOOK_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Joiner:
    """Who waits for its own join event; ``left`` is called when its session has ended."""

    outlet: Outlet
    id: str | None
    left: Callable[[str, str], None]


class LiveRoom:
    """One room as this node serves it, at the seq that was dispatched last."""

    __slots__ = ("_members", "feed", "idle_since", "joining", "presence")

    def __init__(self, feed: Feed, presence: Presence) -> None:
        self.feed = feed
        self.presence = presence
        self.joining: dict[str, Joiner] = {}
        self._members: dict[str, Joiner] = {}
        self.idle_since: float | None = None

    @property
    def is_idle(self) -> bool:
        """Whether nobody here is in it, about to be, or still to get its last frames."""
        return not self.joining and not self._members and self.feed.is_empty

    def dispatch(self, events: list[Recorded]) -> None:
        """Bring the next events of the room to everybody here."""
        head = self.feed.recent.head
        events = [event for event in events if event.seq > head]
        if not events:
            return
        frames: list[bytes] = []
        members: list[Member] = []
        for recorded in events:
            frames.append(text_frame(encode(recorded)))
            self.presence.apply(recorded)
            event = recorded.event
            if type(event) is Joined:
                if (joiner := self.joining.pop(event.session, None)) is not None:
                    members.append(self._arrive(joiner, recorded, event))
            elif type(event) is Left and event.session in self._members:
                self._depart(event.session, recorded.seq, members)
        self.feed.publish(frames)
        if any(type(recorded.event) is Erased for recorded in events):
            # The content they erase is in frames of before; those are read anew when asked for.
            self.feed.recent.clear()
        for member in members:
            self.feed.admit(member)

    def _arrive(self, joiner: Joiner, recorded: Recorded, event: Joined) -> Member:
        self._members[event.session] = joiner
        users = UsersFrame(recorded.room, recorded.seq, self.presence.names(), self.presence.count)
        caught_up = CaughtUp(
            recorded.room,
            recorded.seq,
            recorded.hash_text,
            first=event.replay_from,
            more=event.replay_from > 1,
            session=event.session,
            id=joiner.id,
        )
        notice = text_frame(encode_answer(users)) + text_frame(encode_answer(caught_up))
        cursor = event.replay_from - 1
        return Member(event.session, joiner.outlet, cursor, notice, recorded.seq)

    def _depart(self, session: str, seq: int, members: list[Member]) -> None:
        """End a session's stay at ``seq``; ``members`` are those to be admitted after it."""
        joiner = self._members.pop(session)
        for member in members:
            if member.session == session:  # it came and went in one batch
                member.last = seq
        if (leaving := self.feed.dismiss(session, seq)) is not None:
            members.append(leaving)
        joiner.left(self.feed.room, session)

    async def until_left(self, outlet: Outlet) -> None:
        """Wait until a former stay over this outlet has had its last frame.

        Else a client that leaves while it lags and joins again would see two stays mixed.
        """
        while outlet.is_open and self.feed.is_serving(outlet):  # noqa: ASYNC110 - rare, and short
            await asyncio.sleep(_LOOK_SECONDS)

    def abandon(self, code: int) -> None:
        """Close everybody's connection: this room is no longer what the log says."""
        for stay in (*self.joining.values(), *self._members.values()):
            stay.outlet.let_go(code)

    def drop(self, session: str) -> None:
        """Forget a session whose socket is gone; its leave comes along the log later."""
        self.joining.pop(session, None)
        self._members.pop(session, None)
        self.feed.drop(session)
