"""What both clients do with a message that the server does not take at once."""

from __future__ import annotations

import pytest

from tests.client.fault_server import MAX_FRAME_BYTES, FaultServer
from tests.client.players import Start, a_while, eventually


@pytest.mark.parametrize("code", ["outcome_unknown", "overloaded", "unavailable", "rate_limited"])
async def test_what_passes_is_sent_again_under_the_same_id(
    server: FaultServer, start: Start, code: str
) -> None:
    ada = await start()
    await ada.join()
    server.mood = code
    await ada.send("patience")
    await eventually(lambda: len(server.commands("chat")) > 1)
    assert ada.pending == ["patience"]
    server.mood = "serve"
    await ada.sees("patience")
    await eventually(lambda: not ada.pending)
    assert len({command["id"] for command in server.commands("chat")}) == 1
    assert server.chats() == ["patience"]


async def test_while_one_waits_out_a_refusal_a_second_is_not_sent_before_it(
    server: FaultServer, start: Start
) -> None:
    ada = await start()
    await ada.join()
    server.mood = "rate_limited"
    await ada.send("first")
    await eventually(lambda: server.commands("chat"))
    await ada.send("second")
    await a_while()
    assert {command["message"] for command in server.commands("chat")} == {"first"}
    server.mood = "serve"
    await ada.sees("first", "second")


async def test_a_lasting_refusal_is_told_and_does_not_hold_up_the_next(
    server: FaultServer, start: Start
) -> None:
    ada = await start()
    await ada.join()
    server.mood = "message_too_long"
    await ada.send("too long")
    await eventually(lambda: ada.refused == {"too long": "message_too_long"}, ada.refused)
    server.mood = "serve"
    await ada.send("fine")
    await ada.sees("fine")
    await a_while()
    assert server.chats() == ["fine"]
    assert len(server.commands("chat")) == 2


async def test_what_is_too_large_for_a_frame_is_refused_once(
    server: FaultServer, start: Start
) -> None:
    ada = await start()
    await ada.join()
    await ada.send("x" * MAX_FRAME_BYTES)
    await eventually(lambda: [*ada.refused.values()] == ["message_too_long"])
    await ada.send("fine")
    await ada.sees("fine")
    assert server.chats() == ["fine"]
    assert server.connections == 2


async def test_silence_on_a_living_connection_is_settled_by_asking_again(
    server: FaultServer, start: Start
) -> None:
    ada = await start()
    await ada.join()
    server.mood = "swallow"
    await ada.send("hello?")
    await eventually(lambda: len(server.commands("chat")) > 1)
    server.mood = "serve"
    await ada.sees("hello?")
    assert len({command["id"] for command in server.commands("chat")}) == 1
    assert server.connections == 1


async def test_who_is_no_longer_in_a_room_joins_again_and_loses_nothing(
    server: FaultServer, start: Start
) -> None:
    ada = await start()
    await ada.join()
    server.sockets[0].rooms.clear()
    await server.chat("bob", "unheard")
    await ada.send("am I here?")
    await ada.sees("unheard", "am I here?")
    await eventually(lambda: not ada.pending)
