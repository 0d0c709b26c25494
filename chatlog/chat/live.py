"""A room with members on this node: its presence, its feed, its members.

Dispatch and joining are one step: a new member waits in ``joining`` until the tail dispatches
its own join event, and that dispatch places its cursor. No event can fall between the two, so
nothing is missed and nothing repeated.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from chatlog.delivery.feed import Feed, Member, ReadFrames
from chatlog.delivery.outlet import Outlet
from chatlog.kinds.erasure import Erased
from chatlog.kinds.event import Recorded
from chatlog.kinds.join import Joined
from chatlog.kinds.leave import Left
from chatlog.projections.presence import Presence
from chatlog.wire.answers import CaughtUp, UsersFrame, encode_answer
from chatlog.wire.events import encode
from chatlog.wire.frames import text_frame

_LOOK_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class RoomMember:
    """A client's session in a room; ``left`` is called when it has ended."""

    outlet: Outlet
    read: ReadFrames
    id: str | None
    left: Callable[[str, str], None]


class LiveRoom:
    """One room as this node serves it, at the last dispatched seq."""

    __slots__ = ("_members", "feed", "idle_since", "joining", "presence")

    def __init__(self, feed: Feed, presence: Presence) -> None:
        self.feed = feed
        self.presence = presence
        self.joining: dict[str, RoomMember] = {}
        self._members: dict[str, RoomMember] = {}
        self.idle_since: float | None = None

    @property
    def is_idle(self) -> bool:
        """Whether nobody here is joining, is a member or still waits for last frames."""
        return not self.joining and not self._members and self.feed.is_empty

    def dispatch(self, events: list[Recorded]) -> None:
        """Deliver the next events of the room to its members here."""
        head = self.feed.recent.head
        events = [event for event in events if event.seq > head]
        if not events:
            return
        frames: list[bytes] = []
        admitted: list[Member] = []
        for recorded in events:
            frames.append(text_frame(encode(recorded)))
            self.presence.apply(recorded)
            event = recorded.event
            if type(event) is Joined:
                if (member := self.joining.pop(event.session, None)) is not None:
                    admitted.append(self._arrive(member, recorded, event))
            elif type(event) is Left and event.session in self._members:
                self._depart(event.session, recorded.seq, admitted)
        self.feed.publish(frames)
        if any(type(recorded.event) is Erased for recorded in events):
            # Earlier frames have the erased content; they are reread from the log on demand.
            self.feed.recent.clear()
        for reader in admitted:
            self.feed.admit(reader)

    def _arrive(self, member: RoomMember, recorded: Recorded, event: Joined) -> Member:
        self._members[event.session] = member
        users = UsersFrame(recorded.room, recorded.seq, self.presence.names(), self.presence.count)
        caught_up = CaughtUp(
            recorded.room,
            recorded.seq,
            recorded.hash_text,
            first=event.replay_from,
            more=event.replay_from > 1,
            session=event.session,
            id=member.id,
        )
        notice = text_frame(encode_answer(users)) + text_frame(encode_answer(caught_up))
        cursor = event.replay_from - 1
        return Member(event.session, member.outlet, member.read, cursor, notice, recorded.seq)

    def _depart(self, session: str, seq: int, admitted: list[Member]) -> None:
        """End a session at ``seq``; ``admitted`` are those to be admitted after it."""
        member = self._members.pop(session)
        for reader in admitted:
            if reader.session == session:  # it came and went in one batch
                reader.last = seq
        if (leaving := self.feed.dismiss(session, seq)) is not None:
            admitted.append(leaving)
        member.left(self.feed.room, session)

    async def until_left(self, outlet: Outlet) -> None:
        """Wait until an earlier session over this outlet has received its last frame.

        Otherwise the frames of two sessions would mix if a client leaves while it lags and rejoins.
        """
        while outlet.is_open and self.feed.is_serving(outlet):  # noqa: ASYNC110 - rare, and short
            await asyncio.sleep(_LOOK_SECONDS)

    def abandon(self, code: int) -> None:
        """Close every member's connection, because this room no longer matches the log."""
        for member in (*self.joining.values(), *self._members.values()):
            member.outlet.let_go(code)

    def drop(self, session: str) -> None:
        """Forget a session whose socket is closed; its leave is dispatched later."""
        self.joining.pop(session, None)
        self._members.pop(session, None)
        self.feed.drop(session)
