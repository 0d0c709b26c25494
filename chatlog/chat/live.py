"""A room with members on this node: its presence, its feed, its members.

Dispatch and joining are one step: a new member waits in ``joining`` until the tail dispatches
its own join event, and that dispatch places its cursor. No event can fall between the two, so
nothing is missed and nothing repeated.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from chatlog.chat.digest import Digest
from chatlog.delivery.feed import Feed, Member
from chatlog.delivery.outlet import Outlet
from chatlog.delivery.pages import ReadFrames
from chatlog.domain.errors import LogError
from chatlog.domain.rights import Asker, is_at_least, role_in
from chatlog.kinds.erasure import Erased
from chatlog.kinds.event import Recorded
from chatlog.kinds.join import Joined
from chatlog.kinds.leave import Left
from chatlog.kinds.member import Appointed
from chatlog.kinds.room import Changed
from chatlog.projections.presence import Presence
from chatlog.wire.answers import CaughtUp, UsersFrame, encode_answer
from chatlog.wire.events import encode
from chatlog.wire.frames import text_frame

_LOOK_SECONDS = 0.02
_PRESENCE = (Joined, Left)
_AT_ONCE = ""
"""A time before all others: roles are looked at again with the next event."""


@dataclass(frozen=True, slots=True)
class RoomMember:
    """A client's session in a room; ``left`` is called with its room, itself and its end's cause.

    The role of one who ``is_admin`` does not run out. One that ``wants_digest`` asked for runs of
    joins and leaves as single frames.
    """

    outlet: Outlet
    read: ReadFrames
    id: str | None
    left: Callable[[str, str, str], None]
    is_admin: bool = False
    wants_digest: bool = False


class LiveRoom:
    """One room as this node serves it, at the last dispatched seq."""

    __slots__ = ("_cut", "_members", "_next_end", "feed", "idle_since", "joining", "presence")

    def __init__(self, feed: Feed, presence: Presence) -> None:
        self.feed = feed
        self.presence = presence
        self.joining: dict[str, RoomMember] = {}
        self._members: dict[str, RoomMember] = {}
        self._cut: dict[str, RoomMember] = {}
        self._next_end: str | None = None
        self.idle_since: float | None = None

    @property
    def is_idle(self) -> bool:
        """Whether nobody here is joining, is a member or still waits for last frames."""
        return not (self.joining or self._members or self._cut) and self.feed.is_empty

    def dispatch(self, events: list[Recorded]) -> None:
        """Deliver the next events of the room to its members here."""
        head = self.feed.recent.head
        events = [event for event in events if event.seq > head]
        if not events:
            return
        if events[0].seq != head + 1:
            raise LogError(f"After seq {head} of a room came {events[0].seq}.")
        frames: list[bytes] = []
        digest = Digest() if self.feed.wants_digest else None
        admitted: list[Member] = []
        for recorded in events:
            if self._next_end is not None and recorded.at >= self._next_end:
                self._cut_off(recorded.at, recorded.seq - 1, admitted)
            frames.append(text_frame(encode(recorded)))
            self.presence.apply(recorded)
            if digest is not None:
                digest.add(recorded, frames[-1], self.presence.count)
            self._note(recorded, frames[-1], admitted)
        may_wait = all(type(recorded.event) in _PRESENCE for recorded in events)
        pieces = () if digest is None else digest.pieces()
        self.feed.publish(frames, pieces, may_wait=may_wait)
        if any(type(recorded.event) is Erased for recorded in events):
            # Earlier frames have the erased content; they are reread from the log on demand.
            self.feed.forget()
        for reader in admitted:
            self.feed.admit(reader)

    def _note(self, recorded: Recorded, frame: bytes, admitted: list[Member]) -> None:
        """Let a member in or go; ``admitted`` are those to be admitted after the event."""
        event = recorded.event
        if type(event) is Joined:
            if (member := self.joining.pop(event.session, None)) is not None:
                admitted.append(self._arrive(member, recorded, event))
        elif type(event) is Left and event.session in self._members:
            self._depart(event, recorded.seq, admitted)
        elif type(event) is Left and (cut := self._cut.pop(event.session, None)) is not None:
            self._bid_farewell(cut, event.session, frame, admitted)
            cut.left(self.feed.room, event.session, event.cause)
        elif type(event) is Appointed or type(event) is Changed:
            self._find_next_end(recorded.at)

    def _bid_farewell(
        self, cut: RoomMember, session: str, frame: bytes, admitted: list[Member]
    ) -> None:
        """Send a session that was cut off its leave, after what it still has to get."""
        here = (reader for reader in admitted if reader.session == session)
        if (reader := self.feed.lagging.get(session) or next(here, None)) is not None:
            reader.farewell = frame
        else:
            cut.outlet.write(frame)

    def _arrive(self, member: RoomMember, recorded: Recorded, event: Joined) -> Member:
        self._members[event.session] = member
        if event.user.subject is not None:
            self._find_next_end(recorded.at)
        users = UsersFrame(recorded.room, recorded.seq, self.presence.names(), self.presence.count)
        caught_up = CaughtUp(
            recorded.room,
            recorded.seq,
            recorded.hash_text,
            first=event.replay_from,
            more=event.replay_from > event.begins,
            session=event.session,
            id=member.id,
        )
        notice = text_frame(encode_answer(users)) + text_frame(encode_answer(caught_up))
        cursor = event.replay_from - 1
        return Member(
            event.session,
            member.outlet,
            member.read,
            cursor,
            notice,
            recorded.seq,
            wants_digest=member.wants_digest,
        )

    def _depart(self, event: Left, seq: int, admitted: list[Member]) -> None:
        """End a session at ``seq``; ``admitted`` are those to be admitted after it."""
        session = event.session
        member = self._members.pop(session)
        for reader in admitted:
            if reader.session == session:  # it came and went in one batch
                reader.last = seq
        if (leaving := self.feed.dismiss(session, seq)) is not None:
            admitted.append(leaving)
        member.left(self.feed.room, session, event.cause)

    def _find_next_end(self, now: str) -> None:
        """Note when the role of a member here runs out next."""
        subjects = {
            user.subject.id
            for session in self._members
            if (user := self.presence.user_of(session)) is not None and user.subject is not None
        }
        ends = [self.presence.rights.next_end(subject, now) for subject in subjects]
        self._next_end = min((end for end in ends if end is not None), default=None)

    def expired(self, now: str) -> list[str]:
        """Return the sessions here whose users' roles have run out by a time."""
        if not self._cut and (self._next_end is None or now < self._next_end):
            return []
        return [*self._cut, *(one for one in self._members if not self._may_stay(one, now))]

    def is_cut(self, session: str) -> bool:
        """Return whether a session is sent nothing any more but its leave."""
        return session in self._cut

    def set_admin(self, session: str, *, is_admin: bool) -> None:
        """Apply a renewed token, which may have lost the scope that its session depends on."""
        member = self._members.get(session)
        if member is None or member.is_admin == is_admin:
            return
        self._members[session] = replace(member, is_admin=is_admin)
        self._next_end = _AT_ONCE

    def _may_stay(self, session: str, now: str) -> bool:
        user, rights = self.presence.user_of(session), self.presence.rights
        if user is None or user.subject is None or self._members[session].is_admin:
            return True
        role = role_in(rights.rules, Asker(rights.of(user.subject.id), now))
        return is_at_least(role, "reader")

    def _cut_off(self, now: str, last: int, admitted: list[Member]) -> None:
        """Deliver nothing after ``last`` to those whose roles have run out, but their leaves."""
        for session in self.expired(now):
            if (member := self._members.pop(session, None)) is None:
                continue
            self._cut[session] = member
            for reader in admitted:
                if reader.session == session:
                    reader.last = last
            if (leaving := self.feed.dismiss(session, last)) is not None:
                admitted.append(leaving)
        self._find_next_end(now)

    async def until_left(self, outlet: Outlet) -> None:
        """Wait until an earlier session over this outlet has received its last frame.

        Otherwise the frames of two sessions would mix if a client leaves while it lags and rejoins.
        """
        while outlet.is_open and self.feed.is_serving(outlet):  # noqa: ASYNC110 - rare, and short
            await asyncio.sleep(_LOOK_SECONDS)

    def abandon(self, code: int) -> None:
        """Close every member's connection, because this room no longer matches the log."""
        for member in (*self.joining.values(), *self._members.values(), *self._cut.values()):
            member.outlet.let_go(code)

    def drop(self, session: str) -> None:
        """Forget a session whose socket is closed; its leave is dispatched later."""
        self.joining.pop(session, None)
        self._members.pop(session, None)
        self._cut.pop(session, None)
        self.feed.drop(session)
