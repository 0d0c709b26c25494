"""The promises of both clients, before a server of faults: each scenario is written once."""

from __future__ import annotations

import pytest

from tests.client.fault_server import FaultServer
from tests.client.players import Start, a_while, eventually


async def test_two_people_in_a_room_see_each_others_messages_in_one_order(
    server: FaultServer, start: Start
) -> None:
    ada, bob = await start("ada"), await start("bob")
    await ada.join()
    await bob.join()
    await ada.send("hello")
    await bob.send("hi")
    await eventually(lambda: not ada.pending and not bob.pending)
    await ada.sees(*server.chats())
    await bob.sees(*server.chats())


async def test_what_was_missed_comes_in_exactly_once(server: FaultServer, start: Start) -> None:
    ada = await start()
    await ada.join()
    await server.chat("bob", "one")
    await server.down()
    await server.chat("bob", "two")
    await server.chat("bob", "three")
    await server.up()
    await ada.sees("one", "two", "three")
    await eventually(lambda: len(ada.saw) == len(server.events()))
    assert ada.seqs() == list(range(1, len(server.events()) + 1))


@pytest.mark.parametrize("code", [1001, 1006, 4408])
async def test_a_connection_that_was_closed_is_resumed(
    server: FaultServer, start: Start, code: int
) -> None:
    ada = await start()
    await ada.join()
    await server.chat("bob", "one")
    await ada.sees("one")
    await (server.cut() if code == 1006 else server.close(code))
    last = server.events()[-2]  # the last before its own leave
    await eventually(lambda: len(server.commands("join")) == 2)
    again = server.commands("join")[1]
    assert (again["after"], again["hash"]) == (last["seq"], last["hash"])
    await server.chat("bob", "two")
    await ada.sees("one", "two")


async def test_a_message_written_without_a_connection_is_sent_when_there_is_one(
    server: FaultServer, start: Start
) -> None:
    ada = await start()
    await ada.join()
    await server.down()
    await ada.send("from the tunnel")
    await ada.send("still there")
    await a_while()
    assert ada.pending == ["from the tunnel", "still there"]
    await server.up()
    await ada.sees("from the tunnel", "still there")
    assert server.chats() == ["from the tunnel", "still there"]
    await eventually(lambda: not ada.pending)


async def test_a_chat_whose_ack_was_lost_is_not_doubled(server: FaultServer, start: Start) -> None:
    ada = await start()
    await ada.join()
    server.mood = "lose ack"
    await ada.send("once")
    await eventually(server.chats)
    server.mood = "serve"
    await eventually(lambda: not ada.pending)
    await ada.sees("once")
    assert server.chats() == ["once"]


async def test_another_log_is_noticed(server: FaultServer, start: Start) -> None:
    ada = await start()
    await ada.join()
    await server.chat("bob", "lost in the restore")
    await ada.sees("lost in the restore")
    await server.down()
    server.restore("b")
    for number in range(9):
        await server.chat("eve", f"new {number}")
    await server.up()
    await ada.sees("lost in the restore", *(f"new {number}" for number in range(9)))
    kinds = [event["type"] for event in ada.saw]
    reset = kinds.index("reset")
    assert ada.saw[reset - 1]["message"] == "lost in the restore"
    assert kinds.count("reset") == 1


async def test_a_shorter_log_is_noticed(server: FaultServer, start: Start) -> None:
    ada = await start()
    await ada.join()
    await server.down()
    server.restore("a")
    await server.up()
    await eventually(lambda: [event["type"] for event in ada.saw][-2:] == ["reset", "notification"])


async def test_a_connection_that_has_gone_silent_is_replaced(
    server: FaultServer, start: Start
) -> None:
    ada = await start()
    await ada.join()
    server.is_deaf = True
    await eventually(lambda: server.connections > 1, "another connection")
    server.is_deaf = False
    await server.chat("bob", "are you there?")
    await ada.sees("are you there?")


async def test_a_connection_that_is_only_quiet_stays(server: FaultServer, start: Start) -> None:
    ada = await start()
    await ada.join()
    await a_while()
    await a_while()
    assert server.connections == 1
    await server.chat("bob", "quiet here")
    await ada.sees("quiet here")


async def test_a_room_that_refuses_says_why_and_the_others_go_on(
    server: FaultServer, start: Start
) -> None:
    ada = await start()
    await ada.join()
    server.mood = "room_invalid"
    await ada.do("join", "...")
    await eventually(lambda: ada.codes.get("...") == "room_invalid", ada.codes)
    server.mood = "overloaded"
    await ada.do("join", "busy")
    await eventually(lambda: len(server.commands("join")) > 3)
    server.mood = "serve"
    await eventually(lambda: "busy" in ada.live)
    await ada.send("still here")
    await ada.sees("still here")


async def test_an_event_of_an_unknown_type_is_skipped_but_its_seq_counts(
    server: FaultServer, start: Start
) -> None:
    ada = await start()
    await ada.join()
    await server.append({"type": "reaction", "emoji": "+1"})
    await server.chat("bob", "after it")
    await ada.sees("after it")
    assert "reaction" not in {event["type"] for event in ada.saw}
    assert server.connections == 1


async def test_a_repeated_event_is_handed_out_once(server: FaultServer, start: Start) -> None:
    ada = await start()
    await ada.join()
    event = await server.chat("bob", "one")
    await server.deliver(server.sockets[0], event)
    await server.chat("bob", "two")
    await ada.sees("one", "two")
    await a_while()
    assert ada.texts() == ["one", "two"]
    assert server.connections == 1


async def test_a_gap_is_mended_before_it_is_seen(server: FaultServer, start: Start) -> None:
    ada = await start()
    await ada.join()
    await server.append({"type": "chat", "username": "bob", "message": "one"}, told=False)
    await server.chat("bob", "two")
    await ada.sees("one", "two")
    assert ada.seqs() == sorted(set(ada.seqs()))


async def test_a_first_replay_that_is_cut_off_is_continued(
    server: FaultServer, start: Start
) -> None:
    for number in range(150):
        await server.chat("bob", f"{number}")
    server.cut_after = 40
    ada = await start()
    await ada.join()
    await ada.sees(*(f"{number}" for number in range(50, 150)))
    assert server.connections == 2


async def test_after_leaving_nothing_is_heard_and_nobody_comes_back(
    server: FaultServer, start: Start
) -> None:
    ada = await start()
    await ada.join()
    await ada.do("leave", "general")
    await eventually(lambda: server.events()[-1].get("event") == "leave")
    await server.chat("bob", "she has left")
    await eventually(lambda: "general" not in ada.live)
    await server.cut()
    await eventually(lambda: server.connections == 2)
    await a_while()
    assert len(server.commands("join")) == 1
    assert ada.texts() == []


async def test_a_client_that_is_forbidden_stays_away(server: FaultServer, start: Start) -> None:
    ada = await start()
    await ada.join()
    await server.close(4403)
    await eventually(lambda: ada.code == "forbidden" or ada.codes.get("general") == "forbidden")
    await a_while()
    assert server.connections == 1
