"""Posting over HTTP where people prove who they are: a token's subject, its rights, its limits."""

from __future__ import annotations

from typing import Any

from .conftest import Open
from .people import NOBODY, Answer, Person

ON_ITS_WAY = {"message": "on its way"}


async def post(who: Person, room: str, body: Any = ON_ITS_WAY, **headers: str) -> Answer:
    return await who.request("POST", f"/api/rooms/{room}/messages", body, **headers)


async def test_the_subject_is_the_author_and_need_not_be_there(open_world: Open) -> None:
    world = await open_world()
    ada, shop = world.person("u-1", "ada"), world.person("shop", "Shop")
    async with ada.socket() as socket:
        await socket.join("order-7")
        posted = await post(shop, "order-7", **{"Idempotency-Key": "k"})
        assert posted.status == 201
        assert (posted.body["username"], posted.body["via"]) == ("Shop", "http")
        assert await socket.next("chat") == posted.body
        again = await post(shop, "order-7", **{"Idempotency-Key": "k"})
        assert (again.status, again.body) == (200, posted.body)
    assert (await post(shop, "order-7", {"message": "x", "username": "Shop"})).status == 201
    assert (await post(shop, "order-7", {"message": "x", "username": "ada"})).code == "forbidden"


async def test_an_id_is_one_whatever_the_door(open_world: Open) -> None:
    ada = (await open_world()).person("u-1", "ada")
    async with ada.socket() as socket:
        await socket.join("order-7")
        first = await socket.ask("chat", room="order-7", message="hi", id="k")
    again = await post(ada, "order-7", {"message": "hi"}, **{"Idempotency-Key": "k"})
    assert (again.status, again.body["seq"]) == (200, first["seq"])
    assert "via" not in again.body


async def test_a_new_room_is_made_as_by_a_join(open_world: Open) -> None:
    shop = (await open_world(create_rooms="everyone")).person("shop", "Shop")
    assert (await post(shop, "order-7")).body["seq"] == 2
    first = (await shop.get("/api/rooms/order-7/events")).body["events"][0]
    assert (first["type"], first["role"], first["via"]) == ("member", "owner", "http")
    assert (await post(shop, NOBODY)).code == "room_unknown"


async def test_only_admins_make_rooms_where_that_is_set(open_world: Open) -> None:
    world = await open_world(create_rooms="admin")
    assert (await post(world.person("shop", "Shop"), "order-7")).code == "room_unknown"
    assert (await post(world.person("boss", "Boss", scope="admin"), "order-7")).status == 201


async def test_rights_are_those_of_a_chat(open_world: Open) -> None:
    world = await open_world()
    ada, bob = world.person("u-1", "ada"), world.person("u-2", "bob")
    auditor = world.person("u-3", "eve", scope="audit")
    room = await ada.make("desk", access="listed")
    private = await ada.make(access="private")
    nobody = await post(bob, NOBODY)
    assert (await post(bob, room)).code == "forbidden"
    assert (await post(auditor, room)).code == "forbidden"
    assert (await post(bob, private)).text == nobody.text
    await ada.appoint(room, "u-2", "reader")
    assert (await post(bob, room)).code == "forbidden"
    await ada.appoint(room, "u-2", "member")
    assert (await post(bob, room)).status == 201
    await ada.request("PATCH", f"/api/rooms/{room}", {"locked": True})
    assert (await post(bob, room)).code == "forbidden"
    assert (await post(world.holder(None), room)).status == 401


async def test_a_limit_is_of_a_user_over_socket_and_http(open_world: Open) -> None:
    ada = (await open_world(max_chats_per_second=0.2)).person("u-1", "ada")
    async with ada.socket() as socket:
        await socket.join("order-7")
        await socket.chat("order-7", "the one of this burst")
        refused = await post(ada, "order-7")
        assert refused.code == "rate_limited"
        assert int(refused.headers["Retry-After"]) >= 1


async def test_a_chat_is_erased_by_its_seq(open_world: Open) -> None:
    world = await open_world()
    ada, bob = world.person("u-1", "ada"), world.person("u-2", "bob")
    seq = (await post(ada, "order-7")).body["seq"]
    path = f"/api/rooms/order-7/messages/{seq}"
    assert (await bob.request("DELETE", path)).code == "forbidden"
    erased = await ada.request("DELETE", path, {"reason": "by mistake"})
    assert erased.status == 200
    events = (await ada.get("/api/rooms/order-7/events")).body["events"]
    assert (events[1]["message"], events[1]["erased"]) == ("", True)
    assert (events[2]["of"], events[2]["via"]) == ([seq], "http")
    assert (await ada.request("DELETE", path)).code == "bad_command"
    assert (await ada.request("DELETE", "/api/rooms/order-7/messages/x")).code == "bad_command"
