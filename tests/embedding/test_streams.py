"""Streams where the embedding program says who people are: by a cookie."""

from __future__ import annotations

from aiohttp import web

from chatlog import Identity, Settings, chat_of, create_app
from tests.support.apps import Browser, browsing
from tests.support.streams import reading

from .conftest import BOB, SHOP


def by_cookie(request: web.Request) -> Identity | None:
    name = request.cookies.get("session")
    return None if name is None else Identity(f"u-{name}", name=name)


async def test_a_stream_is_signed_in_by_a_cookie(database_url: str) -> None:
    app = create_app(Settings(database=database_url), authenticate=by_cookie)
    async with browsing(app) as client:
        chat = chat_of(app)
        room = await chat.create(access="private", members={"u-ada": "member"}, author=SHOP)
        path = f"/api/rooms/{room}/stream"
        for cookie, status in (("", 401), ("session=bob", 404)):
            async with client.get(path, headers={"Cookie": cookie}) as answer:
                assert answer.status == status
                assert answer.content_type == "application/json"
        async with reading(client.get(path, headers={"Cookie": "session=ada"})) as ada:
            await ada.next("caught_up")
            await chat.post(room, "for ada", author=SHOP)
            message = await ada.next("message", type="chat", message="for ada")
            await chat.member(room, BOB.subject, "reader", author=SHOP)
            await chat.member(room, "u-ada", "banned", author=SHOP)
            ended = await ada.next("error")
            assert ended.id == "end"
            assert await ada.rest() == []
        headers = {"Cookie": "session=ada", "Last-Event-ID": "end"}
        async with client.get(path, headers=headers) as answer:
            assert answer.status == 204
        headers = {"Cookie": "session=ada", "Last-Event-ID": message.last_id}
        async with client.get(path, headers=headers) as answer:
            assert answer.status in (403, 404)
        await still_alive(client)


async def still_alive(client: Browser) -> None:
    async with client.get("/healthz") as answer:
        assert answer.status == 200
