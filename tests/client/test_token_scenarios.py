"""What both clients do where the server wants tokens."""

from __future__ import annotations

from tests.client.fault_server import FaultServer
from tests.client.players import Player, Start, a_while, eventually

EXPIRING = {"type": "auth_expiring", "expires_at": "2026-11-22T18:00:00.000000Z"}


async def signed_in(server: FaultServer, start: Start) -> Player:
    server.tokens = {"one": "ada", "two": "ada"}
    ada = await start(token="one")
    await ada.join()
    return ada


def tokens(server: FaultServer) -> list[str]:
    return [command["token"] for command in server.commands("auth")]


async def test_a_connection_begins_with_the_token_and_the_server_tells_the_name(
    server: FaultServer, start: Start
) -> None:
    ada = await signed_in(server, start)
    assert [command["type"] for command in server.asked] == ["auth", "join"]
    assert "username" not in server.asked[1]
    await ada.send("hello")
    await ada.sees("hello")


async def test_a_lost_connection_comes_back_with_the_newest_token(
    server: FaultServer, start: Start
) -> None:
    ada = await signed_in(server, start)
    await ada.change_token("two")
    await server.down()
    await server.chat("bob", "missed")
    await server.up()
    await ada.sees("missed")
    assert tokens(server) == ["one", "two"]


async def test_a_token_that_ends_soon_is_renewed_on_the_open_connection(
    server: FaultServer, start: Start
) -> None:
    ada = await signed_in(server, start)
    await ada.change_token("two")
    await a_while()
    await server.deliver(server.sockets[0], EXPIRING)
    await eventually(lambda: tokens(server) == ["one", "two"], tokens(server))
    assert server.connections == 1
    assert len(server.commands("join")) == 1


async def test_the_same_token_is_not_sent_twice_on_a_connection(
    server: FaultServer, start: Start
) -> None:
    await signed_in(server, start)
    await server.deliver(server.sockets[0], EXPIRING)
    await a_while()
    assert tokens(server) == ["one"]


async def test_a_bad_token_at_a_renewal_ends_nothing(server: FaultServer, start: Start) -> None:
    ada = await signed_in(server, start)
    await ada.change_token("bad")
    await a_while()
    await server.deliver(server.sockets[0], EXPIRING)
    await eventually(lambda: tokens(server) == ["one", "bad"])
    await ada.send("still here")
    await ada.sees("still here")
    assert server.connections == 1


async def test_a_refused_token_without_another_is_the_end(
    server: FaultServer, start: Start
) -> None:
    server.tokens = {}
    ada = await start(token="bad")
    await eventually(lambda: ada.code == "token_invalid", ada.code)
    await a_while()
    assert tokens(server) == ["bad"]


async def test_a_token_that_has_ended_is_replaced_if_there_is_a_newer_one(
    server: FaultServer, start: Start
) -> None:
    ada = await signed_in(server, start)
    await ada.change_token("two")
    await a_while()
    await server.close(4401)
    await eventually(lambda: tokens(server) == ["one", "two"], tokens(server))
    await server.chat("bob", "welcome back")
    await ada.sees("welcome back")


async def test_a_token_that_has_ended_without_a_newer_one_is_the_end(
    server: FaultServer, start: Start
) -> None:
    ada = await signed_in(server, start)
    await server.close(4401)
    await eventually(lambda: "not_authenticated" in {ada.code, ada.codes.get("general")})
    await a_while()
    assert tokens(server) == ["one"]


async def test_somebody_who_is_put_out_does_not_come_back_by_themselves(
    server: FaultServer, start: Start
) -> None:
    ada = await signed_in(server, start)
    await server.kick("ada", "bob", "enough")
    await eventually(lambda: ada.codes.get("general") == "forbidden", ada.codes)
    assert ada.saw[-1]["reason"] == "enough"
    await server.cut()
    await a_while()
    assert len(server.commands("join")) == 1
    await ada.do("rejoin", "general")
    await eventually(lambda: "general" in ada.live)


async def test_a_room_that_begins_later_for_a_new_role_goes_on_there(
    server: FaultServer, start: Start
) -> None:
    ada = await signed_in(server, start)
    await server.chat("bob", "before")
    await server.kick("ada", "bob", "")
    await eventually(lambda: ada.codes.get("general") == "forbidden", ada.codes)
    await server.chat("bob", "hidden")
    server.begins = len(server.events())
    await ada.do("rejoin", "general")
    await eventually(lambda: "general" in ada.live)
    await server.chat("bob", "shown")
    await ada.sees("before", "shown")
