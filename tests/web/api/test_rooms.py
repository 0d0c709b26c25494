"""``GET /api/rooms``."""

from __future__ import annotations

from itertools import islice

from .conftest import Server


async def test_no_room_is_no_error(server: Server) -> None:
    assert await server.ok("rooms") == {"rooms": [], "more": False}


async def test_a_room_shows_its_head_and_who_is_present(server: Server) -> None:
    ada, bob = await server.person("ada"), await server.person("bob")
    await ada.join("general")
    await bob.join("general")
    await ada.say("general", "hello")
    await bob.leave("general")
    (room,) = (await server.ok("rooms"))["rooms"]
    assert (room["room"], room["head"], room["users"]) == ("general", 4, 1)
    events = (await server.ok("rooms/general/events"))["events"]
    assert (room["created_at"], room["last_at"]) == (events[0]["at"], events[-1]["at"])


async def test_rooms_are_in_order_of_code_points_whatever_the_database_speaks(
    server: Server,
) -> None:
    names = ["Zoo", "apple", "Äpfel", "b", "B", "ａ", "日本", "_x", "a b"]
    ada = await server.person("ada")
    for name in names:
        await ada.join(name)
    rooms = (await server.ok("rooms"))["rooms"]
    assert [room["room"] for room in rooms] == sorted(names)


async def test_pages_of_rooms_neither_skip_nor_repeat_while_rooms_begin(server: Server) -> None:
    ada = await server.person("ada")
    for name in ("b", "d", "f", "h"):
        await ada.join(name)
    seen: list[str] = []
    more, extra = True, iter(("a", "c", "e", "g", "i"))
    while more:
        page = await server.ok("rooms", limit=1, after=seen[-1] if seen else "")
        seen += [room["room"] for room in page["rooms"]]
        more = page["more"]
        for name in islice(extra, 1):
            await ada.join(name)
    assert seen == sorted(set(seen))
    assert {"b", "d", "f", "h"} <= set(seen)


async def test_a_room_says_how_many_chats_it_has(server: Server) -> None:
    ada = await server.person("ada")
    await ada.join("general")
    await ada.join("other")

    async def counted() -> dict[str, int]:
        return {room["room"]: room["chats"] for room in (await server.ok("rooms"))["rooms"]}

    assert await counted() == {"general": 0, "other": 0}
    await ada.say("general", "one", "two")
    assert await counted() == {"general": 2, "other": 0}
    await ada.say("general", "three")
    await ada.say("other", "first")
    await ada.leave("other")
    assert await counted() == {"general": 3, "other": 1}
    assert await counted() == {"general": 3, "other": 1}
