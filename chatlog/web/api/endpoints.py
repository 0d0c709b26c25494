"""The endpoints of the HTTP API: where each is found, what it takes and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import msgspec
from aiohttp.typedefs import Handler

from chatlog.web.api import bodies, events, queries, rooms, sessions, users, verify, witnesses


class NoQuery(msgspec.Struct):
    """Nothing can be chosen."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint. ``body`` is the type that its handler answers with."""

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
        bodies.EventsBody[bodies.AnyEvent],
        queries.EventsQuery,
    ),
    Endpoint(
        f"{_ROOM}/users",
        users.show,
        "List who is present, or was at a seq or a time.",
        bodies.UsersBody,
        queries.UsersQuery,
    ),
    Endpoint(
        f"{_ROOM}/sessions",
        sessions.show,
        "List who was there from when to when.",
        bodies.SessionsBody,
        queries.SessionsQuery,
    ),
    Endpoint(
        f"{_ROOM}/events/{{seq}}/witnesses",
        witnesses.show,
        "List who could have seen an event.",
        bodies.WitnessesBody,
        queries.WitnessesQuery,
    ),
    Endpoint(
        f"{_ROOM}/verify",
        verify.show,
        "Check that a room is what was written.",
        bodies.VerdictBody,
    ),
)
