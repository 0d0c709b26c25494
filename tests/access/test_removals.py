"""Who is out, when, and who may put them out: removals, bans, kicks and locks."""

from __future__ import annotations

from .people import World, events, shape


async def test_a_removal_comes_before_the_leaves_and_the_own_leave_is_the_last(
    world: World,
) -> None:
    ada, bob = world.person("u-1", "ada"), world.person("u-2", "bob")
    await ada.make("room", access="listed")
    await ada.appoint("room", "u-2", "member")
    async with ada.socket() as hers, bob.socket() as one, bob.socket() as two:
        for socket in (hers, one, two):
            await socket.join("room")
        await hers.ask("member", room="room", subject="u-2", role="banned", reason="rude")
        await hers.chat("room", "gone?")
        for socket in (one, two):
            assert (await socket.ask("ping"))["type"] == "pong"
            assert (await socket.ask("chat", room="room", message="?"))["code"] == "not_joined"
            assert (await socket.ask("join", room="room"))["code"] == "forbidden"
        told = (await events(ada, "room"))[-4:]
    assert [shape(e)[0] for e in told] == ["member", "leave", "leave", "chat"]
    for leave in told[1:3]:
        assert (leave["cause"], leave["by"], leave["reason"]) == ("kicked", "ada", "rude")
    for socket, last in ((one, told[1]), (two, told[2])):
        assert socket.events[-1]["seq"] == last["seq"]


async def test_narrowing_puts_out_those_without_a_role(world: World) -> None:
    ada, bob, cem = (
        world.person("u-1", "ada"),
        world.person("u-2", "bob"),
        world.person("u-3", "cem"),
    )
    await ada.make("room")
    await ada.appoint("room", "u-3", "reader")
    async with ada.socket() as hers, bob.socket() as his, cem.socket() as cems:
        for socket in (hers, his, cems):
            await socket.join("room")
        await hers.ask("room", room="room", topic="still open")
        ack = await hers.ask("room", room="room", access="listed")
        told = await events(ada, "room")
        assert [shape(e)[0] for e in told[-2:]] == ["room", "leave"]
        assert (told[-1]["username"], told[-1]["cause"], told[-1]["by"]) == ("bob", "kicked", "ada")
        assert ack["seq"] == told[-1]["seq"]
        assert (await cems.ask("chat", room="room", message="x"))["code"] == "forbidden"


async def test_an_admin_without_a_role_stays_when_only_the_topic_changes(world: World) -> None:
    ada, root = world.person("u-1", "ada"), world.person("root", scope="admin")
    room = await ada.make(access="private")
    async with root.socket() as socket:
        await socket.join(room)
        await ada.request("PATCH", f"/api/rooms/{room}", {"topic": "news"})
        await socket.chat(room, "still here")


async def test_only_moderators_chat_in_a_locked_room(world: World) -> None:
    ada, bob = world.person("u-1", "ada"), world.person("u-2", "bob")
    await ada.make("room")
    async with ada.socket() as hers, bob.socket() as his:
        await hers.join("room")
        await his.join("room")
        await his.chat("room", "before", id="c-1")
        await hers.ask("room", room="room", locked=True)
        assert (await his.ask("chat", room="room", message="after"))["code"] == "forbidden"
        again = await his.ask("chat", room="room", message="before", id="c-1")
        assert again["repeated"]
        await hers.chat("room", "mine")


async def test_a_kick_ends_sessions_and_nothing_else(world: World) -> None:
    ada, bob = world.person("u-1", "ada"), world.person("u-2", "bob")
    await ada.make("room")
    async with ada.socket() as hers, bob.socket() as his:
        await his.join("room")
        ack = await hers.ask("kick", room="room", username="bob", reason="a pause")
        leave = (await events(ada, "room"))[-1]
        assert (leave["seq"], leave["cause"], leave["by"]) == (ack["seq"], "kicked", "ada")
        await his.join("room")


async def test_moderators_act_on_those_below_them(world: World) -> None:
    ada, mod = world.person("u-1", "ada"), world.person("u-2", "mod")
    await ada.make("room")
    for subject, role in (("u-2", "moderator"), ("u-3", "moderator"), ("u-4", "member")):
        await ada.appoint("room", subject, role)
    async with mod.socket() as socket:
        for subject in ("u-1", "u-3"):
            given = {"room": "room", "subject": subject}
            assert (await socket.ask("kick", **given))["code"] == "forbidden"
            assert (await socket.ask("member", role="none", **given))["code"] == "forbidden"
        for role in ("moderator", "owner"):
            given = {"room": "room", "subject": "u-4", "role": role}
            assert (await socket.ask("member", **given))["code"] == "forbidden"
        for role in ("reader", "none", "banned", "member"):
            given = {"room": "room", "subject": "u-4", "role": role}
            assert (await socket.ask("member", **given))["type"] == "ack"
