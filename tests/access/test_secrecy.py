"""The bytes of a run hold no token and no secret: logs, answers, events, files, metrics."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import aiohttp

from tests.support.command import chatlog

from .conftest import Open
from .people import Socket


async def test_a_run_keeps_and_says_no_token(token_server: Open, tmp_path: Path) -> None:
    world = await token_server("--token-audience", "chat")
    token = world.issuer.token
    good = [
        token("u-1", "ada", aud="chat", jti="an-id-of-a-token"),
        token("u-2", "bob", aud="chat"),
    ]
    bad = [
        token("u-3", "eve", aud="another"),
        token("u-3", "eve", lasts=-5, aud="chat"),
        token("u-3", "(eve)", aud="chat"),
        token("u-3", "eve", aud="chat", rooms={"x": "king"}),
        world.issuer.with_algorithm("none", "u-3"),
        world.issuer.with_algorithm("HS512", "u-3"),
        token("u-3", "eve", aud="chat") + "x",
        "a-secret-that-is-no-token",
    ]
    said: list[str] = []
    for one in [*good, *bad]:
        holder = world.holder(one)
        for method, path, body in (
            ("GET", "/api/rooms", None),
            ("GET", "/api/rooms/none/events", None),
            ("POST", "/api/rooms", {"room": one[:20], "nothing": one}),
            ("PUT", f"/api/rooms/x/members/{one[-30:]}", {"role": "member"}),
        ):
            answer = await holder.request(method, path, body)
            said += [answer.text if "room" not in (body or {}) else "", str(answer.headers)]
        ws = await world.http.ws_connect(world.url + "/ws", protocols=("chat", one[:60]))
        socket = Socket(ws)
        for frame in (
            {"type": "auth", "token": [one]},
            {"type": "auth", "token": one, "id": one},
            {"type": "auth", "token": one},
        ):
            await ws.send_json(frame)
        await asyncio.sleep(0.05)
        if one in good:
            await socket.next("auth")
            await socket.join("room")
            await socket.chat("room", "hello")
        await ws.close()
        said.append(json.dumps(socket.got))
        try:
            await world.http.ws_connect(world.url + "/ws", headers=holder.headers)
        except aiohttp.WSServerHandshakeError as error:
            said.append(str(error.headers) + error.message)
    nobody = world.holder(None)
    said.append((await nobody.get("/metrics")).text)
    said.append((await world.holder(good[0]).get("/api/rooms/room/events")).text)
    done = await chatlog(
        "token", "revoke", "--jti", "an-id-of-a-token", database=f"sqlite:///{tmp_path}/chat.db"
    )
    assert done.status == 0
    said += [done.out, done.err]
    kept = {
        path.name: path.read_bytes()
        for path in tmp_path.iterdir()
        if path.is_file() and path.name != "secret"
    }
    assert any(name.startswith("server-") for name in kept)
    signatures = [one.rpartition(".")[2] for one in [*good, *bad] if not one.endswith(".")]
    secrets = [*good, *bad, *signatures, world.issuer.secret.decode(), "an-id-of-a-token"]
    for secret in filter(None, secrets):
        assert not [text for text in said if secret in text], secret
        assert not [name for name, data in kept.items() if secret.encode() in data], secret
