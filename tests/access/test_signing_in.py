"""Sign in, renew, expire, be revoked: over sockets and HTTP."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import aiohttp
import pytest

from tests.support.command import chatlog

from .conftest import Open
from .people import Issuer, Person, Socket, World


async def bare(world: World) -> Socket:
    return Socket(await world.http.ws_connect(world.url + "/ws"))


async def test_a_token_signs_in_by_the_first_frame_or_the_handshake(open_world: Open) -> None:
    world = await open_world()
    token = world.issuer.token("u-17", "ada", scope="audit other")
    socket = await bare(world)
    for type, fields in (("ping", {}), ("join", {"room": "x"}), ("history", {"room": "x"})):
        given = await socket.ask(type, **fields)
        assert given["code"] == "not_authenticated"
    answer = await socket.ask("auth", token=token, id="a-1")
    ends = answer.pop("expires_at")
    assert answer == {
        "type": "auth",
        "subject": "u-17",
        "username": "ada",
        "scope": ["audit"],
        "id": "a-1",
    }
    assert len(ends) == 27
    assert ends.endswith("Z")
    async with world.holder(token).socket() as another:
        assert another.got[0]["type"] == "auth"
        assert "id" not in another.greeting
        assert {**another.greeting, "id": "a-1"} == {**answer, "expires_at": ends}


@pytest.mark.parametrize(
    "token",
    ["", " ", "x", "a.b.c", "é", "a" * 9_000, "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0."],
)
async def test_a_bad_token_ends_a_connection_that_has_not_signed_in(
    open_world: Open, token: str
) -> None:
    world = await open_world()
    socket = await bare(world)
    answer = await socket.ask("auth", token=token)
    assert answer["code"] == "token_invalid"
    assert await socket.closed() == 4401
    if token.isascii() and len(token) < 8_000:  # as long as a header may be
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await world.http.ws_connect(
                world.url + "/ws", headers={"Authorization": f"Bearer {token}"}
            )
        assert refused.value.status == 401
        assert refused.value.headers is not None
        assert refused.value.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("header", ["", "Bearer", "Basic abc", "Bearer ", "bearer  x y"])
async def test_a_header_that_is_no_token_is_answered_401(open_world: Open, header: str) -> None:
    world = await open_world()
    nobody = world.holder(None)
    for method, path in (
        ("GET", "/api/rooms"),
        ("POST", "/api/rooms"),
        ("GET", "/api/rooms/x/verify"),
    ):
        answer = await nobody.request(method, path, Authorization=header)
        assert (answer.status, answer.code) == (401, "token_invalid")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    for path in ("/healthz", "/readyz", "/metrics", "/", "/audit"):
        assert (await nobody.get(path)).status == 200


async def test_a_token_is_not_taken_from_the_address(open_world: Open) -> None:
    world = await open_world()
    token = world.issuer.token("u-1", "ada")
    for name in ("token", "access_token", "authorization"):
        assert (await world.holder(None).get(f"/api/rooms?{name}={token}")).status == 401
    ws = await world.http.ws_connect(f"{world.url}/ws?token={token}")
    assert (await Socket(ws).ask("ping"))["code"] == "not_authenticated"


async def test_a_connection_has_a_while_to_sign_in(open_world: Open) -> None:
    world = await open_world(auth_seconds=0.2)
    socket = await bare(world)
    await socket.send("ping")
    assert await socket.closed(5) == 4401
    async with world.person("ada").socket() as signed_in:
        await asyncio.wait_for(_closed_again(world), 5)
        assert (await signed_in.ask("ping"))["type"] == "pong"


async def _closed_again(world: World) -> None:
    await (await bare(world)).closed()


async def test_a_renewal_is_of_the_same_subject(open_world: Open) -> None:
    world = await open_world()
    token = world.issuer.token
    async with world.person("u-1", "ada").socket() as socket:
        await socket.join("room")
        other = await socket.ask("auth", token=token("u-2", "bob"))
        assert (other["type"], other["code"]) == ("error", "forbidden")
        bad = await socket.ask("auth", token="x")
        assert bad["code"] == "token_invalid"
        assert (await socket.ask("auth", token=token("u-1", "ada", lasts=-1)))["code"] == (
            "token_invalid"
        )
        await socket.chat("room", "still here")
        again = await socket.ask("auth", token=token("u-1", "ada l", lasts=7_200, scope="audit"))
        assert (again["username"], again["scope"]) == ("ada l", ["audit"])
        refused = await socket.ask("chat", room="room", message="as an auditor")
        assert refused["code"] == "forbidden"


async def test_the_end_is_announced_and_renewed_without_a_break(open_world: Open) -> None:
    world = await open_world()
    token = world.issuer.token
    async with world.person("u-1", "ada", lasts=4_000).socket() as socket:
        await socket.join("room")
        await socket.ask("auth", token=token("u-1", "ada", lasts=2.0))
        told = await socket.next("auth_expiring", within=1)
        assert set(told) == {"type", "expires_at"}
        await socket.ask("auth", token=token("u-1", "ada", lasts=3_000))
        await asyncio.sleep(2.1)  # past the end of the token before
        await socket.chat("room", "still here")
        assert [one["type"] for one in socket.got].count("auth_expiring") == 1


async def test_the_end_is_announced_a_minute_before(open_world: Open) -> None:
    world = await open_world()
    ends = time.time() + 62.5
    async with world.holder(world.issuer.token("u-1", "ada", exp=ends)).socket() as socket:
        told = await socket.next("auth_expiring", within=30)
        assert time.time() >= ends - 60.1, "too early"
        assert told["expires_at"] == socket.greeting["expires_at"]
        assert (await socket.ask("ping"))["type"] == "pong"
        assert [one["type"] for one in socket.got] == ["auth", "auth_expiring", "pong"]


async def test_the_end_leaves_every_room_and_closes(open_world: Open) -> None:
    world = await open_world()
    root = world.person("root", scope="admin")
    async with world.person("u-1", "ada", lasts=2.0).socket() as socket:
        await socket.join("one")
        await socket.join("two")
        assert await socket.closed(6) == 4401
    for room in ("one", "two"):
        left = await leave_in(root, room)
        assert (left["cause"], left["username"]) == ("expired", "ada")


async def leave_in(person: Person, room: str) -> dict[str, str]:
    async with asyncio.timeout(6):
        while True:
            answer = await person.get(f"/api/rooms/{room}/events")
            last: dict[str, str] = answer.body["events"][-1]
            if last.get("event") == "leave":
                return last
            await asyncio.sleep(0.05)


async def test_the_end_stops_delivery_while_the_log_is_locked(
    token_server: Open, tmp_path: Path
) -> None:
    world = await token_server("--max-commit-delay-ms", "1")
    async with world.person("u-1", "ada", lasts=3.0).socket() as socket:
        await socket.join("one")
        with closing(sqlite3.connect(tmp_path / "chat.db", isolation_level=None)) as held:
            held.execute("BEGIN IMMEDIATE")
            assert await socket.closed(6) == 4401
            held.execute("ROLLBACK")
    root = world.person("root", scope="admin")
    assert (await leave_in(root, "one"))["cause"] == "expired"


@pytest.mark.parametrize("by", ["sub", "jti"])
async def test_a_revocation_takes_effect_beside_a_server(
    token_server: Open, tmp_path: Path, by: str
) -> None:
    world = await token_server()
    database = f"sqlite:///{tmp_path}/chat.db"
    ada = world.person("u-1", "ada", jti="t-1")
    bob = world.person("u-2", "bob")
    async with ada.socket() as socket, bob.socket() as other:
        await socket.join("room")
        await other.join("room")
        value = "u-1" if by == "sub" else "t-1"
        done = await chatlog("token", "revoke", f"--{by}", value, database=database)
        assert done.status == 0, done.err
        assert await socket.closed(8) == 4401
        await other.chat("room", "hi")
        await other.next("chat")  # the ack comes before all events of its commit
        left = next(e for e in other.events if e.get("event") == "leave")
        assert (left["username"], left["cause"]) == ("ada", "revoked")
        assert (await ada.get("/api/rooms")).status == 401
        again = await bare(world)
        assert (await again.ask("auth", token=ada.token))["code"] == "token_invalid"
    later = world.holder(world.issuer.token("u-1", "ada", iat=time.time() + 1, jti="t-2"))
    assert (await later.get("/api/rooms")).status == 200
    without_time = world.holder(world.issuer.without("iat", "u-1"))
    assert (await without_time.get("/api/rooms")).status == (401 if by == "sub" else 200)
    assert b"t-1" not in (tmp_path / "chat.db").read_bytes()


async def test_a_server_needs_a_key_and_open_mode_a_log_without_rights(
    open_world: Open, sqlite_url: str, issuer: Issuer, tmp_path: Path
) -> None:
    world = await open_world()
    await world.person("ada").make("room")
    short, missing = tmp_path / "short", tmp_path / "missing"
    short.write_bytes(b"a" * 31 + b"\n")
    copy = f"sqlite:///{tmp_path}/other.db"
    for flags in (
        ("--auth", "token"),
        ("--auth", "token", "--token-secret-file", str(short)),
        ("--auth", "token", "--token-secret-file", str(missing)),
        ("--token-secret-file", str(issuer.file)),
        ("--auth", "nothing"),
    ):
        ended = await chatlog("serve", "--port", "0", *flags, database=copy)
        assert (ended.status, len(ended.err.strip().splitlines()) <= 4) == (2, True), flags


async def test_open_mode_refuses_a_log_with_rights(token_server: Open, tmp_path: Path) -> None:
    world = await token_server(database=f"sqlite:///{tmp_path}/rights.db")
    await world.person("ada").make("room")
    copied = tmp_path / "copy.db"
    with (
        closing(sqlite3.connect(tmp_path / "rights.db")) as source,
        closing(sqlite3.connect(copied)) as copy,
    ):
        source.backup(copy)
    ended = await chatlog("serve", "--port", "0", database=f"sqlite:///{copied}")
    assert ended.status == 2
    assert len(ended.err.strip().splitlines()) == 1


async def test_a_token_with_less_scope_loses_what_only_the_scope_gave(open_world: Open) -> None:
    world = await open_world()
    owner = world.person("owner")
    room = await owner.make(access="private")
    async with world.person("root", scope="admin").socket() as socket, owner.socket() as hers:
        await socket.join(room)
        await hers.join(room)
        await socket.ask("auth", token=world.issuer.token("root", "root"))
        assert (await socket.ask("history", room=room))["code"] == "room_unknown"
        await hers.chat(room, "not for root")
        assert (await socket.ask("ping"))["type"] == "pong"
        assert "not for root" not in str(socket.got)
