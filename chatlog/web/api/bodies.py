"""The response bodies of the endpoints, as types that also define the OpenAPI schemas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, Literal, TypeVar

import msgspec

from chatlog.eventlog.steps.looks import What
from chatlog.wire.answers import MemberListed
from chatlog.wire.listing import RoomListed, UserListed, WitnessListed

Event = TypeVar("Event")


class MeBody(msgspec.Struct, omit_defaults=True):
    """Who asks: nothing but ``auth`` in open mode. ``expires_at`` is the end of their token.

    The last two say what the settings allow them: to create rooms, and to erase their own chats.
    """

    auth: Literal["open", "token"]
    subject: str | None = None
    username: str | None = None
    scope: Sequence[str] = ()
    expires_at: str | None = None
    may_create_rooms: bool = False
    may_redact_own: bool = False


class RoomsBody(msgspec.Struct):
    """Rooms in order of their names; continue with ``after`` the last one."""

    rooms: Sequence[RoomListed]
    more: bool


class EventsBody(msgspec.Struct, Generic[Event]):
    """A page of events; ``first`` and ``last`` are the ends of the range covered.

    Continue from them, as ``before`` and ``after``. ``Event`` is ``AnyFrame``, or its JSON text
    if that is already encoded.
    """

    room: str
    events: Sequence[Event]
    first: int | None
    last: int | None
    more_before: bool
    more_after: bool


class UsersBody(msgspec.Struct):
    """The users present after the event at ``seq``, in order of names.

    ``count`` is their total number; ``next`` is the ``after`` of the following page.
    """

    room: str
    seq: int
    at: str | None
    users: Sequence[UserListed]
    count: int
    next: str | None


class MembersBody(msgspec.Struct):
    """Members in order of their subjects; continue with ``after`` the last one."""

    room: str
    seq: int
    members: Sequence[MemberListed]
    more: bool


class DoneBody(msgspec.Struct, omit_defaults=True):
    """The last event of what was ordered; ``repeated`` if nothing was left to be done."""

    room: str
    seq: int
    hash: str
    repeated: bool = False


class Message(msgspec.Struct, omit_defaults=True):
    """A chat to post. In open mode ``username`` says whose it is; ``Idempotency-Key`` is its id."""

    message: str
    username: str = ""


class Reason(msgspec.Struct, omit_defaults=True):
    """Why a chat is erased."""

    reason: str = ""


class SessionSummary(msgspec.Struct):
    """One session; an open one has no ``left_seq``.

    ``last_seen_at`` is when the session was last known to be open, if its server died.
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
    """The users who could have seen the event at ``seq``, each once, with the strongest reason.

    ``next`` is the ``after`` of the following page; a page may be shorter than requested.
    """

    room: str
    seq: int
    at: str
    witnesses: Sequence[WitnessListed]
    next: str | None


class LookListed(msgspec.Struct):
    """One look at a room; ``seq`` is what they looked at, if that is a seq."""

    at: str
    subject: str
    username: str
    what: What
    seq: int | None


class LooksBody(msgspec.Struct):
    """Looks in order of time; ``first`` and ``last`` are the ends of the page.

    Continue from them, as ``before`` and ``after``.
    """

    room: str
    looks: Sequence[LookListed]
    first: str | None
    last: str | None
    more_before: bool
    more_after: bool


class RoomVerdictBody(msgspec.Struct, omit_defaults=True):
    """The verdict on a room. ``head`` and ``hash`` are those of the last event that is right.

    ``wrong`` is the seq of the first event that is not, and ``why`` gives the reason.
    """

    room: str
    ok: bool
    head: int
    hash: str
    wrong: int | None = None
    why: str | None = None


class VerdictBody(msgspec.Struct, omit_defaults=True):
    """Whether a room is what was written, the number of events, and the checks made.

    ``covered`` lists the checks in a sentence, ``looked_at`` by name; ``hint`` tells what they
    cannot detect.
    """

    ok: bool
    events: int
    rooms: Sequence[RoomVerdictBody]
    covered: str
    looked_at: Sequence[str]
    hint: str | None = None


class NewWebhook(msgspec.Struct, omit_defaults=True, forbid_unknown_fields=True):
    """A webhook: where to deliver, and which events; without ``rooms`` or ``types`` all.

    ``secret`` is ``whsec_`` and 24 to 64 bytes in base64; without it there is a new one.
    """

    url: str
    rooms: list[str] | None = None
    types: list[str] | None = None
    secret: str | None = None


class WebhookAdded(msgspec.Struct):
    """The webhook's id, and the secret that signs its deliveries, which is shown only now."""

    id: str
    secret: str


class WebhookRemoved(msgspec.Struct):
    """The id of the webhook that was removed."""

    id: str


class WebhookAnswer(msgspec.Struct):
    """What came of a test: ``ok`` if the answer was 2xx, ``error`` if there was none."""

    id: str
    ok: bool
    status: int | None
    error: str | None


class LastAnswer(msgspec.Struct):
    """The last answer to a delivery: a status, or why there was none."""

    at: str
    answer: str


class WebhookListed(msgspec.Struct):
    """A webhook. ``behind`` is the number of events that are still to be delivered.

    It is ``retrying`` if a room waits for ``next_try``, ``failing`` if one waits for `chatlog
    webhook retry`, ``disabled`` after an answer 410.
    """

    id: str
    url: str
    rooms: list[str] | None
    types: list[str] | None
    created_at: str
    state: Literal["active", "retrying", "failing", "disabled"]
    behind: int
    failing_rooms: int
    last_answer: LastAnswer | None
    next_try: str | None


class WebhooksBody(msgspec.Struct):
    """All webhooks, in the order in which they were added."""

    webhooks: Sequence[WebhookListed]
