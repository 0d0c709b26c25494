"""What is answered: the body of each endpoint as a type, which OpenAPI shows too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

import msgspec

from chatlog.wire.events import ChatFrame, ErasureFrame, JoinFrame, SessionFrame
from chatlog.wire.listing import RoomListed, UserListed, WitnessListed

AnyEvent = ChatFrame | JoinFrame | SessionFrame | ErasureFrame
Event = TypeVar("Event")


class RoomsBody(msgspec.Struct):
    """Rooms in order of their names; continue with ``after`` the last one."""

    rooms: Sequence[RoomListed]
    more: bool


class EventsBody(msgspec.Struct, Generic[Event]):
    """A page of events; ``first`` and ``last`` are the ends of the range looked through.

    Continue from them, as ``before`` and ``after``. ``Event`` is ``AnyEvent``, or its
    text where that is made already.
    """

    room: str
    events: Sequence[Event]
    first: int | None
    last: int | None
    more_before: bool
    more_after: bool


class UsersBody(msgspec.Struct):
    """Who was present after the event at ``seq``, in order of names.

    ``count`` is how many in all; ``next`` is the ``after`` of the following page.
    """

    room: str
    seq: int
    at: str | None
    users: Sequence[UserListed]
    count: int
    next: str | None


class SessionSummary(msgspec.Struct):
    """One session; what has not ended has no ``left_seq``.

    ``last_seen_at``, where the server died, is until when the session was surely there.
    """

    session: str
    username: str
    joined_seq: int
    joined_at: str
    left_seq: int | None
    left_at: str | None
    cause: str | None
    last_seen_at: str | None


class SessionsBody(msgspec.Struct):
    """Sessions in order of their joins; ``next`` is the ``after`` of the following page."""

    room: str
    sessions: Sequence[SessionSummary]
    next: int | None


class WitnessesBody(msgspec.Struct):
    """Who could have seen the event at ``seq``, each user once, with the strongest reason.

    ``next`` is the ``after`` of the following page; a page may hold fewer than asked for.
    """

    room: str
    seq: int
    at: str
    witnesses: Sequence[WitnessListed]
    next: str | None


class RoomVerdictBody(msgspec.Struct, omit_defaults=True):
    """What was found of a room. ``head`` and ``hash`` are of the last event that is right.

    ``wrong`` is the seq of the first that is not, and ``why`` says what is wrong with it.
    """

    room: str
    ok: bool
    head: int
    hash: str
    wrong: int | None = None
    why: str | None = None


class VerdictBody(msgspec.Struct, omit_defaults=True):
    """Whether a room is what was written, how many events that covers, and what of them.

    ``covered`` says what was looked at in a sentence, ``looked_at`` in a word each; ``hint``
    is what this cannot show.
    """

    ok: bool
    events: int
    rooms: Sequence[RoomVerdictBody]
    covered: str
    looked_at: Sequence[str]
    hint: str | None = None
