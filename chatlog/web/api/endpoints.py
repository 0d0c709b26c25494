"""The endpoints of the HTTP API: path, query and response body of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import msgspec
from aiohttp.typedefs import Handler

from chatlog.kinds.chat import ChatFrame
from chatlog.kinds.creation import CreateRoom
from chatlog.kinds.erasure import Redact
from chatlog.kinds.leave import KickMember
from chatlog.kinds.member import AppointMember
from chatlog.kinds.registry import AnyFrame
from chatlog.kinds.room import ConfigureRoom
from chatlog.web.api import (
    bodies,
    events,
    governing,
    me,
    messages,
    queries,
    rooms,
    users,
    webhooks,
)
from chatlog.web.api.audited import looks, sessions, verify, witnesses
from chatlog.web.streams import serve


class NoQuery(msgspec.Struct):
    """The endpoint has no parameters."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint. ``body`` is the type of its response, ``takes`` that of its request's body.

    One that ``is_stream`` answers with server-sent events, each of type ``body``.
    """

    path: str
    handler: Handler
    summary: str
    body: Any
    query: type[msgspec.Struct] = NoQuery
    method: str = "GET"
    takes: Any = None
    is_stream: bool = False


_ROOM: Final = "/api/rooms/{room}"
_WEBHOOKS: Final = "/api/webhooks"


def _order(method: str, path: str, handler: Handler, summary: str, takes: Any) -> Endpoint:
    return Endpoint(path, handler, summary, bodies.DoneBody, method=method, takes=takes)


ENDPOINTS: Final = (
    Endpoint("/api/me", me.show, "Tell who asks, and how people sign in.", bodies.MeBody),
    Endpoint(
        "/api/rooms",
        rooms.show,
        "List the rooms.",
        bodies.RoomsBody,
        queries.RoomsQuery,
    ),
    Endpoint(
        f"{_ROOM}/events",
        events.show,
        "Read a page of a room's events.",
        bodies.EventsBody[AnyFrame],
        queries.EventsQuery,
    ),
    Endpoint(
        "/api/stream",
        serve.show_several,
        "Join several rooms and be sent their events.",
        AnyFrame,
        queries.StreamsQuery,
        is_stream=True,
    ),
    Endpoint(
        f"{_ROOM}/stream",
        serve.show,
        "Join a room and be sent its events.",
        AnyFrame,
        queries.StreamQuery,
        is_stream=True,
    ),
    Endpoint(
        f"{_ROOM}/users",
        users.show,
        "List the users present, now or at a seq or time.",
        bodies.UsersBody,
        queries.UsersQuery,
    ),
    Endpoint(
        f"{_ROOM}/sessions",
        sessions.show,
        "List the sessions in a room.",
        bodies.SessionsBody,
        queries.SessionsQuery,
    ),
    Endpoint(
        f"{_ROOM}/events/{{seq}}/witnesses",
        witnesses.show,
        "List the users who could have seen an event.",
        bodies.WitnessesBody,
        queries.WitnessesQuery,
    ),
    Endpoint(
        f"{_ROOM}/looks",
        looks.show,
        "List who looked at a room by a scope of their token.",
        bodies.LooksBody,
        queries.LooksQuery,
    ),
    Endpoint(
        f"{_ROOM}/verify",
        verify.show,
        "Verify a room's hash chain.",
        bodies.VerdictBody,
    ),
    _order("POST", "/api/rooms", governing.create, "Create a room.", CreateRoom),
    _order("PATCH", _ROOM, governing.configure, "Change a room.", ConfigureRoom),
    Endpoint(
        f"{_ROOM}/members",
        governing.show_members,
        "List who has which role in a room.",
        bodies.MembersBody,
        queries.MembersQuery,
    ),
    _order(
        "PUT",
        f"{_ROOM}/members/{{subject}}",
        governing.appoint,
        "Give somebody a role in a room.",
        AppointMember,
    ),
    Endpoint(
        f"{_ROOM}/messages",
        messages.post,
        "Post a chat.",
        ChatFrame,
        method="POST",
        takes=bodies.Message,
    ),
    _order("DELETE", f"{_ROOM}/messages/{{seq}}", messages.erase, "Erase a chat.", bodies.Reason),
    _order("POST", f"{_ROOM}/kick", governing.kick, "End somebody's sessions.", KickMember),
    _order("POST", f"{_ROOM}/redact", governing.redact, "Erase texts of events.", Redact),
    Endpoint(_WEBHOOKS, webhooks.show, "List the webhooks.", bodies.WebhooksBody),
    Endpoint(
        _WEBHOOKS,
        webhooks.add,
        "Add a webhook.",
        bodies.WebhookAdded,
        method="POST",
        takes=bodies.NewWebhook,
    ),
    Endpoint(
        f"{_WEBHOOKS}/{{id}}",
        webhooks.remove,
        "Remove a webhook.",
        bodies.WebhookRemoved,
        method="DELETE",
    ),
    Endpoint(
        f"{_WEBHOOKS}/{{id}}/test",
        webhooks.test,
        "Post a test message to a webhook.",
        bodies.WebhookAnswer,
        method="POST",
    ),
)
