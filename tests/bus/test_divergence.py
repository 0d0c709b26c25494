"""A node notices that the log has lost events it has read, and lets its clients come back."""

from __future__ import annotations

from chatlog.runtime import Runtime
from chatlog.wire.frames import GOING_AWAY
from tests.support.nodes import LocalClient, node_on, until

REWIND = """
    SET session_replication_role = replica;
    DELETE FROM chatlog.events WHERE position > {0};
    DELETE FROM chatlog.sessions AS s USING chatlog.rooms AS r WHERE r.id = s.room_id
        AND s.joined_seq > (SELECT count(*) FROM chatlog.events AS e WHERE e.room_id = r.id);
    DELETE FROM chatlog.rooms AS r WHERE NOT EXISTS
        (SELECT 1 FROM chatlog.events AS e WHERE e.room_id = r.id);
    RESET session_replication_role;
"""
"""What a fail-over to a standby that was behind does to the log."""


async def rewind(node: Runtime, position: int) -> None:
    async with node.database.write() as connection:
        raw = await connection.get_raw_connection()
        assert raw.driver_connection is not None
        await raw.driver_connection.execute(REWIND.format(position))


async def test_clients_are_let_go_and_come_back_to_the_log_as_it_is(postgres_url: str) -> None:
    async with node_on(postgres_url, bus="poll", poll_seconds=0.2) as node:
        ada = LocalClient(node)
        await ada.join("general", "ada")
        for message in ("kept", "lost", "lost too"):
            await ada.send("chat", room="general", message=message)
            lost = await ada.until("chat", message=message)
        await until(lambda: node.tail.position == lost["seq"])
        await rewind(node, 2)
        await until(lambda: ada.outlet.closed == (GOING_AWAY, b""))
        again = LocalClient(node)
        resume = {"room": "general", "username": "ada", "after": lost["seq"], "hash": lost["hash"]}
        assert await again.refusal("join", **resume) in ("after_unknown", "diverged")
        await again.join("general", "ada", after=0)
        assert [frame["message"] for frame in again.frames() if frame["type"] == "chat"] == ["kept"]
        await again.send("chat", room="general", message="and on")
        await again.until("chat", message="and on")
        await until(lambda: node.tail.position >= 4)


async def test_another_event_at_the_same_position_is_noticed_too(postgres_url: str) -> None:
    async with node_on(postgres_url, bus="poll", poll_seconds=0.2) as node:
        ada = LocalClient(node)
        await ada.join("general", "ada")
        await until(lambda: node.tail.position == 1)
        await rewind(node, 0)
        async with node_on(postgres_url, node="other", bus="poll") as other:
            bob = LocalClient(other)
            await bob.join("general", "bob")
            await until(lambda: ada.outlet.closed == (GOING_AWAY, b""))
