"""What a client has seen never goes back when it moves to a node that has read less."""

from __future__ import annotations

from chatlog.runtime import Runtime
from tests.support.nodes import LocalClient, node_on


async def test_a_client_resumes_and_asks_where_nothing_has_been_read_yet(postgres_url: str) -> None:
    async with (
        node_on(postgres_url, node="first", bus="poll") as first,
        node_on(postgres_url, node="second", bus="poll") as second,
    ):
        await joined(second, "bob")  # so that the second node has the room in memory
        ada = await joined(first, "ada")
        for number in range(3):
            await ada.send("chat", room="general", message=f"{number}")
        last = await ada.until("chat", message="2")
        moved = LocalClient(second)
        await moved.send("users", room="general")
        users = await moved.until("users")
        assert users["seq"] >= last["seq"]
        assert users["users"] == ["ada", "bob"]
        await moved.send("history", room="general")
        assert (await moved.until("history"))["last"] >= last["seq"]
        resume = {"after": last["seq"], "hash": last["hash"]}
        await moved.send("join", room="general", username="ada", **resume)
        caught_up = await moved.until("caught_up")
        assert caught_up["first"] == last["seq"] + 1


async def joined(node: Runtime, username: str) -> LocalClient:
    client = LocalClient(node)
    await client.join("general", username)
    return client
