"""Everybody, everything, every kind of room: a server answers as the table in the docs says."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest

from docs.access import CREATE, LIST, NAMED, ROOMS, SIGNED_IN, SIGNED_OUT, Outcome, expected
from tests.support.command import chatlog

from .conftest import Open
from .people import Frame, Person, Socket, World

CODES: dict[str | None, Outcome] = {
    None: "yes",
    "forbidden": "403",
    "room_unknown": "404",
    "token_invalid": "401",
    "not_authenticated": "401",
}
STATUS: dict[int, Outcome] = {200: "yes", 201: "yes", 403: "403", 404: "404", 401: "401"}
STATES: dict[str, dict[str, Any]] = {
    "open": {"access": "open"},
    "listed": {"access": "listed"},
    "private": {"access": "private"},
    "since_member": {"access": "open", "history": "since_member"},
    "locked": {"access": "open"},
}
ROLES = {"former member": "none", "timed out": "reader", "admin": "none"}
SCOPES: dict[str, Any] = {"audit": "audit", "admin": "other admin"}
AUDIENCE = "chat.example"


@dataclass(slots=True)
class Place:
    """A room with one person's place in it, and the chats that they redact."""

    room: str
    state: str
    own: list[int]
    others: list[int]


def subject_of(name: str) -> str:
    return f"u {name}/ü%"


def person_of(world: World, name: str) -> Person:
    return world.holder(token_of(world, name))


def token_of(world: World, name: str) -> str | None:
    issuer, subject = world.issuer, subject_of(name)
    match name:
        case "anonymous":
            return None
        case "expired":
            return issuer.token(subject, name, lasts=-1, aud=AUDIENCE)
        case "wrong audience":
            return issuer.token(subject, name, aud="another.example")
        case "wrong algorithm":
            return issuer.with_algorithm("HS512", subject)
        case "alg none":
            return issuer.with_algorithm("none", subject)
        case _:
            scope = {"scope": SCOPES[name]} if name in SCOPES else {}
            return issuer.token(subject, name, aud=AUDIENCE, jti=name, **scope)


async def place(founder: Person, guest: Person, name: str, state: str) -> Place:
    """Make a room, let both chat in it as members, and give the guest the role under test."""
    given = None if state == "private" else f"{state} of {name}"
    room = await founder.make(given, **STATES[state])
    subject, own, others = subject_of(name), list[int](), list[int]()
    async with founder.socket() as theirs:
        await theirs.join(room)
        others = [(await theirs.chat(room, f"theirs {n}"))["seq"] for n in range(2)]
    is_closed = state in ("listed", "private")
    if name == "audit" or (name == "no role" and is_closed):
        return await _locked(founder, Place(room, state, others, others))
    if name != "no role":
        await founder.appoint(room, subject, "member")
    async with guest.socket() as mine:
        await mine.join(room)
        own = [(await mine.chat(room, f"mine {n}"))["seq"] for n in range(2)]
    until = {"until": in_an_hour()} if name == "timed out" else {}
    if name != "no role":
        await founder.appoint(room, subject, ROLES.get(name, name), **until)
    return await _locked(founder, Place(room, state, own, others))


def in_an_hour() -> str:
    return (datetime.now(UTC) + timedelta(hours=1)).isoformat()


async def _locked(founder: Person, found: Place) -> Place:
    if found.state == "locked":
        await founder.request("PATCH", f"/api/rooms/{quote(found.room)}", {"locked": True})
    return found


def commands(where: Place) -> dict[str, tuple[str, dict[str, Any]]]:
    """What is sent over a socket, by operation."""
    room, state = {"room": where.room}, where.state
    access = STATES[state]["access"]
    return {
        "history": ("history", room),
        "users": ("users", room),
        "members": ("members", room),
        "topic": ("room", {**room, "topic": "a topic"}),
        "lock": ("room", {**room, "locked": state == "locked"}),
        "access": ("room", {**room, "access": access}),
        "make somebody a member": ("member", {**room, "subject": "target", "role": "member"}),
        "make somebody an owner": ("member", {**room, "subject": "target-2", "role": "owner"}),
        "kick": ("kick", {**room, "subject": "target"}),
        "redact one's own": ("redact", {**room, "of": where.own[:1]}),
        "redact another's": ("redact", {**room, "of": where.others[:1]}),
        CREATE: ("create", {"access": "private"}),
    }


def requests(where: Place) -> dict[str, tuple[str, str, Any]]:
    """What is sent over HTTP, by operation."""
    room, state = f"/api/rooms/{quote(where.room)}", where.state
    access = STATES[state]["access"]
    return {
        "history": ("GET", f"{room}/events", None),
        "users": ("GET", f"{room}/users", None),
        "members": ("GET", f"{room}/members", None),
        "topic": ("PATCH", room, {"topic": "another topic"}),
        "lock": ("PATCH", room, {"locked": state == "locked"}),
        "access": ("PATCH", room, {"access": access}),
        "make somebody a member": ("PUT", f"{room}/members/target-3", {"role": "member"}),
        "make somebody an owner": ("PUT", f"{room}/members/target-4", {"role": "owner"}),
        "kick": ("POST", f"{room}/kick", {"subject": "target-3"}),
        "redact one's own": ("POST", f"{room}/redact", {"of": where.own[1:]}),
        "redact another's": ("POST", f"{room}/redact", {"of": where.others[1:]}),
        "users at a seq": ("GET", f"{room}/users?at=2", None),
        "sessions": ("GET", f"{room}/sessions", None),
        "witnesses": ("GET", f"{room}/events/2/witnesses", None),
        "looks": ("GET", f"{room}/looks", None),
        "verify": ("GET", f"{room}/verify", None),
        "proof": ("GET", f"{room}/events?proof=true", None),
        CREATE: ("POST", "/api/rooms", {"room": secrets.token_hex(8)}),
    }


def outcome_of(frame: Frame) -> Outcome | str:
    code = frame["code"] if frame["type"] == "error" else None
    return CODES.get(code, str(code))


async def over_http(person: Person, where: Place) -> dict[str, Outcome | str]:
    found: dict[str, Outcome | str] = {}
    for operation, (method, path, body) in requests(where).items():
        answer = await person.request(method, path, body)
        found[operation] = STATUS.get(answer.status, answer.text)
        if answer.status >= 400:
            assert CODES[answer.code] == found[operation]
        if answer.status == 401:
            assert answer.headers["WWW-Authenticate"] == "Bearer"
    answer = await person.get("/api/rooms?limit=500")
    found[LIST] = "401" if answer.status == 401 else listed(answer.body["rooms"], where.room)
    return found


def listed(rooms: list[Frame], name: str) -> Outcome:
    row = next((row for row in rooms if row["room"] == name), None)
    if row is None:
        return "hidden"
    return "in part" if row["head"] is None else "yes"


async def over_socket(socket: Socket, where: Place) -> dict[str, Outcome | str]:
    found = {"join": outcome_of(await socket.ask("join", room=where.room))}
    if found["join"] == "yes":
        found["chat"] = outcome_of(await socket.ask("chat", room=where.room, message="hi"))
        await socket.ask("leave", room=where.room)
    else:
        found["chat"] = found["join"]
    for operation, (type, fields) in commands(where).items():
        found[operation] = outcome_of(await socket.ask(type, **fields))
    return found


async def signed_out_over_socket(person: Person, where: Place) -> dict[str, Outcome | str]:
    """A bad token is refused at the handshake and in the first frame; without one, all is."""
    async with person.http.ws_connect(person.url + "/ws") as ws:
        socket = Socket(ws)
        found = await over_socket(socket, where)
        if person.token is not None:
            assert outcome_of(await socket.ask("auth", token=person.token)) == "401"
            assert await socket.closed() == 4401
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await person.http.ws_connect(person.url + "/ws", headers=person.headers)
            assert refused.value.status == 401
    return found


def compare(found: dict[str, Outcome | str], person: str, room: str, over: str) -> list[str]:
    return [
        f"{over}: {operation} by {person} in {room} is {outcome}, not {wanted}"
        for operation, outcome in found.items()
        if outcome != (wanted := expected(operation, person, room))
    ]


async def revoke(world: World, database: str, name: str) -> None:
    done = await chatlog("token", "revoke", "--jti", name, database=database)
    assert done.status == 0, done.err
    person = person_of(world, name)

    async def is_refused() -> bool:
        return (await person.get("/api/rooms")).status == 401

    async with asyncio.timeout(5):
        while not await is_refused():
            await asyncio.sleep(0.1)


Ask = Callable[[], Awaitable[dict[str, Outcome | str]]]


@pytest.mark.slow
@pytest.mark.parametrize("state", ROOMS)
async def test_everybody_is_answered_as_the_table_says(
    state: str, token_server: Open, sqlite_url: str
) -> None:
    flags = ("--token-audience", AUDIENCE, "--max-rooms-created-per-hour", "100000")
    world = await token_server(*flags, "--max-chats-per-second", "1000", database=sqlite_url)
    founder = world.person("founder", aud=AUDIENCE)
    wrong: list[str] = []
    seen: set[tuple[str, str]] = set()
    for name in SIGNED_IN:
        person = person_of(world, name)
        where = await place(founder, person, name, state)
        async with person.socket() as socket:
            by_socket = await over_socket(socket, where)
        by_http = await over_http(person, where)
        wrong += compare(by_socket, name, state, "socket") + compare(by_http, name, state, "http")
        seen |= {(operation, name) for operation in (*by_socket, *by_http)}
    assert seen == {(operation, name) for operation in NAMED for name in SIGNED_IN}
    await revoke(world, sqlite_url, "revoked")
    for name in SIGNED_OUT:
        person = person_of(world, name)
        wrong += compare(await signed_out_over_socket(person, where), name, state, "socket")
        wrong += compare(await over_http(person, where), name, state, "http")
    assert not wrong, "\n".join(wrong)
