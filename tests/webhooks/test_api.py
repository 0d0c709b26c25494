"""``/api/webhooks``: for the scope ``admin``, and nobody in open mode."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from chatlog.domain.identity import Identity
from tests.support.apps import served
from tests.support.people import ADA, ADMIN, AUDITOR, Node, header, people_on

from .conftest import FAST
from .receiver import Receiver

CALLS = [
    ("GET", ""),
    ("POST", ""),
    ("DELETE", "/an-id"),
    ("POST", "/an-id/test"),
]


@pytest.fixture
async def people(database_url: str) -> AsyncIterator[Node]:
    async with people_on(database_url, **FAST) as node:
        yield node


async def ask(
    node: Node, who: Identity | None, method: str, path: str = "", body: object = None
) -> tuple[int, Any]:
    asked = node.client.request(
        method,
        f"/api/webhooks{path}",
        headers={} if who is None else header(who),
        json=body,
    )
    async with asked as answer:
        text = await answer.text()
        return answer.status, json.loads(text)


async def test_an_admin_adds_lists_tests_and_removes(people: Node, receiver: Receiver) -> None:
    asked = {"url": receiver.url, "rooms": ["general"], "types": ["chat"]}
    status, added = await ask(people, ADMIN, "POST", body=asked)
    assert (status, sorted(added)) == (201, ["id", "secret"])
    status, listed = await ask(people, ADMIN, "GET")
    (one,) = listed["webhooks"]
    assert status == 200
    assert {key: one[key] for key in ("id", "state", "behind", *asked)} == {
        "id": added["id"],
        "state": "active",
        "behind": 0,
        **asked,
    }
    assert added["secret"] not in json.dumps(listed)
    status, tested = await ask(people, ADMIN, "POST", f"/{added['id']}/test")
    assert (status, tested["ok"], tested["status"]) == (200, True, 200)
    assert receiver.got[0].verified(added["secret"])["type"] == "test"
    assert await ask(people, ADMIN, "DELETE", f"/{added['id']}") == (200, {"id": added["id"]})
    assert await ask(people, ADMIN, "GET") == (200, {"webhooks": []})


async def test_an_admin_gets_what_is_posted_in_a_private_room(
    people: Node, receiver: Receiver
) -> None:
    await ask(people, ADMIN, "POST", body={"url": receiver.url, "types": ["chat"]})
    private = {"access": "private"}
    async with people.client.post("/api/rooms", headers=header(ADA), json=private) as answer:
        room = (await answer.json())["room"]
    path = f"/api/rooms/{room}/messages"
    async with people.client.post(path, headers=header(ADA), json={"message": "hi"}) as answer:
        assert answer.status == 201
    (delivery,) = await receiver.until(1)
    assert (delivery.data["room"], delivery.data["message"]) == (room, "hi")
    assert delivery.data["via"] == "http"


@pytest.mark.parametrize(("method", "path"), CALLS)
async def test_others_are_refused(people: Node, method: str, path: str) -> None:
    for who, status in ((None, 401), (ADA, 403), (AUDITOR, 403)):
        found, body = await ask(people, who, method, path)
        assert found == status, body
        assert "error" in body


@pytest.mark.parametrize(("method", "path"), CALLS)
async def test_in_open_mode_nobody_manages_them_over_http(
    sqlite_url: str, method: str, path: str
) -> None:
    async with (
        served(sqlite_url) as browser,
        browser.request(method, f"/api/webhooks{path}") as answer,
    ):
        body = await answer.json()
        assert (answer.status, body["error"]["code"]) == (403, "forbidden")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"url": 7},
        {"url": "ftp://example.com"},
        {"url": "https://example.com", "types": ["nonsense"]},
        {"url": "https://example.com", "types": []},
        {"url": "https://example.com", "rooms": "general"},
        {"url": "https://example.com", "secret": "whsec_short"},
        {"url": "https://example.com", "format": "other"},
    ],
)
async def test_what_is_no_webhook_is_400(people: Node, body: object) -> None:
    status, answer = await ask(people, ADMIN, "POST", body=body)
    assert (status, answer["error"]["code"]) == (400, "bad_command")


async def test_a_private_address_is_400_where_it_is_not_allowed(sqlite_url: str) -> None:
    async with people_on(sqlite_url) as people:
        for url in ("https://127.0.0.1/", "https://[::ffff:10.0.0.1]/", "http://example.com/"):
            status, _ = await ask(people, ADMIN, "POST", body={"url": url})
            assert status == 400, url


@pytest.mark.parametrize(("method", "path"), CALLS[2:])
async def test_an_unknown_id_is_404(people: Node, method: str, path: str) -> None:
    status, answer = await ask(people, ADMIN, method, path)
    assert (status, answer["error"]["code"]) == (404, "webhook_unknown")
