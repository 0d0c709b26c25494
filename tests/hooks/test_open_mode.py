"""A hook in open mode: what is posted, as whom, and what of it can be erased."""

from __future__ import annotations

import asyncio
import json
import os
import re
from asyncio.subprocess import PIPE
from io import BytesIO
from pathlib import Path
from shutil import which
from typing import Any

import pytest
from aiohttp import FormData
from aiohttp.test_utils import TestClient

from chatlog.domain.errors import ChatlogError
from tests.cli.command import chatlog

from .conftest import created, shell

Browser = TestClient[Any, Any]
HOOKS = Path(__file__).parents[2] / "docs/hooks.md"


async def post(browser: Browser, path: str, body: Any, **headers: str) -> tuple[int, str]:
    async with browser.post(path, json=body, headers=headers) as answer:
        return answer.status, await answer.text()


async def chats(browser: Browser, room: str) -> list[dict[str, Any]]:
    async with browser.get(f"/api/rooms/{room}/events") as answer:
        found = await answer.json()
    return [{k: e[k] for k in ("username", "message", "via")} for e in found["events"]]


async def test_what_programs_send_becomes_chats(browser: Browser, database_url: str) -> None:
    path = await created(database_url, "ops")
    assert await post(browser, path, {"text": "built &amp; shipped"}) == (200, "ok")
    assert await post(browser, path, {"text": "again", "username": "deploy"}) == (200, "ok")
    payload = json.dumps({"text": "by <https://x.org/f|a form>\r\nand more"})
    for form in (FormData({"payload": payload}), _multipart(payload)):
        async with browser.post(path, data=form) as answer:
            assert (answer.status, await answer.text()) == (200, "ok")
    assert await chats(browser, "ops") == [
        {"username": "CI", "message": "built & shipped", "via": "hook:CI"},
        {"username": "CI (deploy)", "message": "again", "via": "hook:CI"},
        *[
            {
                "username": "CI",
                "message": "by a form (https://x.org/f)\nand more",
                "via": "hook:CI",
            }
        ]
        * 2,
    ]


async def test_readers_see_whom_it_is_from(browser: Browser, database_url: str) -> None:
    await post(browser, await created(database_url, "ops"), {"text": "hi", "username": "deploy"})
    for command in (("history", "ops"), ("export", "ops", "--format", "csv")):
        told = await asyncio.to_thread(chatlog, *command, "--database", database_url)
        assert "CI (deploy)" in told.stdout, command


def _multipart(payload: str) -> FormData:
    form = FormData()
    form.add_field("payload", payload, content_type="application/json")
    return form


@pytest.mark.skipif(which("curl") is None, reason="curl is not installed")
async def test_the_line_in_the_docs_posts(browser: Browser, database_url: str) -> None:
    line = re.search(r"^    (curl .*)$", HOOKS.read_text(), re.MULTILINE)
    assert line is not None
    hook = str(browser.make_url(await created(database_url, "ops")))
    process = await asyncio.create_subprocess_exec(
        "/bin/sh", "-c", line[1], env={**os.environ, "HOOK": hook}, stdout=PIPE
    )
    printed, _ = await process.communicate()
    assert printed == b"ok"


async def test_the_same_key_appends_once(browser: Browser, database_url: str) -> None:
    path, key = await created(database_url, "ops"), {"Idempotency-Key": "build-7"}
    assert await post(browser, path, {"text": "one"}, **key) == (200, "ok")
    assert await post(browser, path, {"text": "one"}, **key) == (200, "ok")
    status, body = await post(browser, path, {"text": "two"}, **key)
    assert (status, json.loads(body)["error"]["code"]) == (409, "id_conflict")
    assert len(await chats(browser, "ops")) == 1


async def test_what_cannot_be_taken_says_why(browser: Browser, database_url: str) -> None:
    path = await created(database_url, "ops")
    for body, code in (
        ({}, "message_empty"),
        ({"text": " \r\n"}, "message_empty"),
        (["x"], "bad_json"),
        ({"text": "x", "attachments": "none"}, "bad_json"),
    ):
        status, text = await post(browser, path, body)
        assert (status, json.loads(text)["error"]["code"]) == (400, code)
    form = FormData({"payload": "{"})
    broken = ("{", "application/json"), (form, ""), (b"--x", "multipart/form-data")
    for data, kind in broken:
        headers = {"Content-Type": kind} if kind else {}
        async with browser.post(path, data=data, headers=headers) as answer:
            assert (answer.status, (await answer.json())["error"]["code"]) == (400, "bad_json")
    assert (await post(browser, path, {"text": "x"}, **{"Idempotency-Key": "k" * 65}))[0] == 400
    large = BytesIO(json.dumps({"text": "x" * 2_000_000}).encode())
    async with browser.post(path, data=large) as answer:
        assert answer.status == 413
    assert (await post(browser, f"{path}x", {"text": "x"}))[0] == 404
    odd = {"Content-Type": "application/x-www-form-urlencoded; charset=bogus"}
    async with browser.post(path, data=b"payload=x", headers=odd) as answer:
        assert answer.status == 400
    async with browser.get(path) as answer:
        assert answer.status == 405


async def test_a_long_text_is_cut(browser: Browser, database_url: str) -> None:
    path = await created(database_url, "ops")
    await post(browser, path, {"text": "é" * 10_000, "username": "x" * 100})
    (chat,) = await chats(browser, "ops")
    assert chat["message"] == "é" * 4_094 + "…"
    assert chat["username"] == f"CI ({'x' * 58}…)"


async def test_the_name_that_a_payload_gives_is_erased_with_its_text(
    browser: Browser, database_url: str
) -> None:
    path = await created(database_url, "ops")
    await post(browser, path, {"text": "secret", "username": "Mallory"})
    await shell(database_url, "redact", room="ops", seqs=[1], by="op", reason="private")
    async with browser.get("/api/rooms/ops/events") as answer:
        text = await answer.text()
    assert json.loads(text)["events"][0]["username"] == "CI"
    assert "Mallory" not in text


async def test_names_are_taken_once_and_hooks_end(browser: Browser, database_url: str) -> None:
    path = await created(database_url, "ops")
    with pytest.raises(ChatlogError, match="hook of this name"):
        await created(database_url, "other")
    with pytest.raises(ChatlogError, match="parentheses"):
        await created(database_url, "ops", "(CI)")
    with pytest.raises(ChatlogError, match="Room names"):
        await created(database_url, "..", "CD")
    done = await shell(database_url, "hook-remove", which="CI")
    assert done == {"name": "CI", "room": "ops"}
    assert (await post(browser, path, {"text": "x"}))[0] == 404
    with pytest.raises(ChatlogError, match="no such hook"):
        await shell(database_url, "hook-remove", which="CI")


async def test_an_erased_hook_has_no_address(browser: Browser, database_url: str) -> None:
    path, other = await created(database_url, "ops"), await created(database_url, "ops", "CD")
    await post(browser, path, {"text": "x"})
    await shell(database_url, "erase-user", username="CI", by="op", reason="gone")
    assert (await post(browser, path, {"text": "x"}))[0] == 404
    assert (await post(browser, other, {"text": "x"}))[0] == 200


def test_the_shell_makes_lists_and_removes_them(sqlite_url: str) -> None:
    there = ("--database", sqlite_url)
    chatlog("migrate", *there)
    made = chatlog(
        "hook", "create", "ops", "--name", "CI", "--url", "https://chat.example/x/", *there
    )
    address = made.stdout.strip()
    assert address.startswith("https://chat.example/x/hooks/")
    token = address.rpartition("/")[2]
    assert len(token) >= 43
    listed = chatlog("hook", "list", "--json", *there).stdout
    assert {k: json.loads(listed)[k] for k in ("id", "name", "room")} == {
        "id": 1,
        "name": "CI",
        "room": "ops",
    }
    assert token not in listed
    assert "CI  ops" in chatlog("hook", "list", *there).stdout
    assert chatlog("hook", "create", "ops", "--name", "CI", *there, status=2).stdout == ""
    chatlog("hook", "create", "ops", "--name", "CD", "--url", "https://", *there, status=2)
    assert "Removed the hook CI" in chatlog("hook", "remove", "1", *there).stdout
    assert chatlog("hook", "list", *there).stdout == ""
    database = sqlite_url.removeprefix("sqlite:///")
    assert token.encode() not in Path(database).read_bytes()
