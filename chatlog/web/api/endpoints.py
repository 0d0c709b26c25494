"""The endpoints of the HTTP API: path, query and response body of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import msgspec
from aiohttp.typedefs import Handler

from chatlog.kinds.registry import AnyFrame
from chatlog.web.api import bodies, events, queries, rooms, sessions, users, verify, witnesses


class NoQuery(msgspec.Struct):
    """The endpoint has no parameters."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint. ``body`` is the type of its response."""

    path: str
    handler: Handler
    summary: str
    body: Any
    query: type[msgspec.Struct] = NoQuery


_ROOM: Final = "/api/rooms/{room}"

ENDPOINTS: Final = (
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
        f"{_ROOM}/verify",
        verify.show,
        "Verify a room's hash chain.",
        bodies.VerdictBody,
    ),
)
