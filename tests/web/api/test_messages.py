"""Posting over HTTP in open mode, where the body says who it is."""

from __future__ import annotations

import asyncio
import json
import re
from asyncio.subprocess import PIPE
from pathlib import Path
from shutil import which
from typing import Any

import pytest

from .conftest import Server

ROOT = Path(__file__).parents[3]
ROOM = "/api/rooms/general/messages"


async def post(server: Server, body: Any, path: str = ROOM, **headers: str) -> tuple[int, Any]:
    async with server.client.post(path, json=body, headers=headers) as response:
        return response.status, await response.json()


async def test_a_notice_is_a_chat_that_everybody_gets(server: Server) -> None:
    ada = await server.person("ada")
    await ada.join("general")
    notice = {"username": "Shop", "message": "on its way"}
    status, frame = await post(server, notice, **{"Idempotency-Key": "order-7"})
    assert status == 201
    assert list(frame) == ["type", "room", "seq", "hash", "at", "id", "via", "username", "message"]
    assert (frame["type"], frame["id"], frame["via"]) == ("chat", "order-7", "http")
    _, events, _ = await server.get("rooms/general/events")
    assert events["events"] == [events["events"][0], frame]  # ada's join, and nobody else's


async def test_the_same_key_appends_once(server: Server) -> None:
    notice, key = {"username": "Shop", "message": "on its way"}, {"Idempotency-Key": "order-7"}
    first = await post(server, notice, **key)
    assert await post(server, notice, **key) == (200, first[1])
    status, body = await post(server, notice | {"message": "lost"}, **key)
    assert (status, body["error"]["code"]) == (409, "id_conflict")
    assert (await post(server, notice, ROOM.replace("general", "other"), **key))[0] == 201
    assert (await post(server, notice | {"username": "Else"}, **key))[0] == 201


async def test_what_cannot_be_posted_says_why(server: Server) -> None:
    shop = {"username": "Shop", "message": "x"}
    refusals: list[tuple[Any, str, int, str]] = [
        ({"message": "x"}, ROOM, 400, "username_invalid"),
        ({"username": "Shop"}, ROOM, 400, "bad_command"),
        (shop | {"message": ""}, ROOM, 400, "message_empty"),
        (shop | {"message": "x" * 40_000}, ROOM, 400, "message_too_long"),
        (shop | {"username": "(shop)"}, ROOM, 400, "username_invalid"),
        (shop | {"message": 7}, ROOM, 400, "bad_command"),
        (["x"], ROOM, 400, "bad_json"),
        (shop, "/api/rooms/%00/messages", 400, "room_invalid"),
        (shop | {"message": "x" * 70_000}, ROOM, 413, "too_large"),
    ]
    for body, path, status, code in refusals:
        found = await post(server, body, path)
        assert (found[0], found[1]["error"]["code"]) == (status, code), body
    status, body = await post(server, shop, **{"Idempotency-Key": "x" * 65})
    assert (status, body["error"]["code"]) == (400, "bad_command")
    assert (await server.get("rooms/general/events"))[0] == 404


async def test_a_chat_is_not_erased_in_open_mode(server: Server) -> None:
    await post(server, {"username": "Shop", "message": "x"})
    async with server.client.delete(f"{ROOM}/1") as response:
        assert response.status == 403


@pytest.mark.skipif(which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("page", ["README.md", "docs/protocol.md"])
async def test_the_line_in_the_docs_posts(server: Server, page: str) -> None:
    found = re.search(r"^    (curl -d .*\n.*/messages)$", (ROOT / page).read_text(), re.MULTILINE)
    assert found is not None
    line = found[1].replace("http://127.0.0.1:8080/", str(server.client.make_url("/")))
    curl = await asyncio.create_subprocess_shell(f"{line} --silent", stdout=PIPE)
    said, _ = await curl.communicate()
    assert curl.returncode == 0
    assert json.loads(said)["id"] == "order-7-shipped"
    assert (await server.ok("rooms/order-7/events"))["events"] == [json.loads(said)]
