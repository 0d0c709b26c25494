"""What is delivered, to whom, and in which order."""

from __future__ import annotations

import json

from chatlog.runtime import Runtime

from .conftest import add, delivering_on, joined, listed, say, until_listed
from .receiver import Receiver


async def test_every_event_arrives_once_in_order_as_its_frame(
    node: Runtime, receiver: Receiver
) -> None:
    _, secret = await add(node, receiver.url)
    client = await joined(node, "general")
    await say(client, "general", "one", "two", "three")
    got = await receiver.until(4)
    assert receiver.texts() == ["join", "one", "two", "three"]
    assert [delivery.data for delivery in got] == [
        frame for frame in client.frames() if frame["type"] in ("notification", "chat")
    ]
    for delivery in got:
        body = delivery.verified(secret)
        assert list(body) == ["type", "timestamp", "data"]
        assert body["type"] == body["data"].get("event", "chat")
        assert body["timestamp"] == body["data"]["at"]
        assert delivery.headers["content-type"] == "application/json"


async def test_the_id_is_the_rooms_and_the_seq(node: Runtime, receiver: Receiver) -> None:
    await add(node, receiver.url)
    client = await joined(node, "general", "other")
    await say(client, "general", "one")
    got = await receiver.until(3)
    uuids = {delivery.data["room"]: delivery.id.rpartition("-")[0] for delivery in got}
    assert uuids["general"] != uuids["other"]
    for delivery in got:
        assert delivery.id == f"{uuids[delivery.data['room']]}-{delivery.data['seq']}"


async def test_a_new_webhook_begins_at_the_head(node: Runtime, receiver: Receiver) -> None:
    client = await joined(node, "general")
    await say(client, "general", "before")
    await add(node, receiver.url)
    await say(client, "general", "after")
    await receiver.until(1)
    assert receiver.texts() == ["after"]
    assert (await until_listed(node, behind=0))["state"] == "active"


async def test_rooms_and_types_are_chosen_and_a_room_may_come_later(
    node: Runtime, receiver: Receiver
) -> None:
    await add(node, receiver.url, rooms=["later"], types=["chat"])
    client = await joined(node, "general", "later")
    await say(client, "general", "no")
    await say(client, "later", "yes")
    await receiver.until(1)
    assert receiver.texts() == ["yes"]


async def test_what_came_while_no_server_ran_is_delivered_later(
    database_url: str, receiver: Receiver
) -> None:
    receiver.answer = lambda _: 500
    async with delivering_on(database_url, webhook_retry_seconds=(600.0,)) as node:
        id, _ = await add(node, receiver.url)
        client = await joined(node, "general")
        await say(client, "general", "one", "two")
        assert (await until_listed(node, state="retrying"))["behind"] == 3
    receiver.answer = lambda _: 200
    async with delivering_on(database_url) as node:
        assert (await listed(node))["next_try"] is not None
        await node.operations.webhooks.retry(id)
        await receiver.until(4)
        assert receiver.texts() == ["join", "one", "two", "leave"]


async def test_what_was_erased_meanwhile_is_erased_in_a_later_attempt(
    node: Runtime, receiver: Receiver
) -> None:
    await add(node, receiver.url, types=["chat"])
    receiver.answer = lambda _: 500
    client = await joined(node, "general")
    await client.send("chat", room="general", message="secret", id="m-1")
    await receiver.until(1, of="got")
    await node.operations.eraser.redact("general", [2], by="root", reason="")
    receiver.answer = lambda _: 200
    await node.operations.webhooks.retry((await listed(node))["id"])
    (taken,) = await receiver.until(1)
    assert taken.data["erased"] is True
    assert taken.data["message"] == ""
    first = receiver.got[0]
    assert (first.id, first.text) == (taken.id, "secret")
    assert b"secret" not in taken.body


async def test_both_keys_sign_after_a_rotation(node: Runtime, receiver: Receiver) -> None:
    id, before = await add(node, receiver.url)
    after = (await node.operations.webhooks.rotate(id))["secret"]
    assert before != after
    await joined(node, "general")
    (delivery,) = await receiver.until(1)
    if delivery.headers["webhook-signature"].count("v1,") == 1:  # it was just under way
        await joined(node, "other")
        delivery = (await receiver.until(2))[1]
    for secret in (before, after):
        assert delivery.verified(secret)["type"] == "join"


async def test_the_former_key_signs_for_a_day(node: Runtime, receiver: Receiver) -> None:
    from chatlog.webhooks.store.webhooks import webhook_of

    id, _ = await add(node, receiver.url)
    await node.operations.webhooks.rotate(id)
    async with node.database.read() as connection:
        webhook = await webhook_of(connection, id)
    assert webhook is not None
    assert webhook.former_until is not None
    assert len(webhook.keys("2026-01-01T00:00:00.000000Z")) == 2
    assert len(webhook.keys(webhook.former_until)) == 1


async def test_a_removed_webhook_gets_nothing_more(node: Runtime, receiver: Receiver) -> None:
    id, _ = await add(node, receiver.url)
    client = await joined(node, "general")
    await receiver.until(1)
    await node.operations.webhooks.remove(id)
    while node.deliverer.count:
        await say(client, "general", f"more {len(receiver.got)}")
    count = len(receiver.got)
    await say(client, "general", "nobody hears this")
    await add(node, receiver.url, types=["leave"])
    await client.send("leave", room="general", id="leave")
    await receiver.until(count + 1, of="got")
    assert receiver.got[-1].text == "leave"
    assert await node.operations.webhooks.list() != []


async def test_a_test_message_is_signed_and_no_event(node: Runtime, receiver: Receiver) -> None:
    id, secret = await add(node, receiver.url)
    done = await node.operations.webhooks.test(id)
    assert done == {"id": id, "ok": True, "status": 200, "error": None}
    (delivery,) = receiver.got
    assert delivery.verified(secret)["type"] == "test"
    assert json.loads(delivery.body)["data"] == {}
