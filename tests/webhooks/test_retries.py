"""What is tried again, when, and for how long."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from aiohttp import web

from chatlog.runtime import Runtime
from chatlog.webhooks.attempt import Schedule
from chatlog.webhooks.sending import Answer, _seconds_in

from .conftest import add, delivering_on, joined, listed, say, until_listed
from .receiver import Delivery, Receiver, serving_raw

DAY = 86_400.0


def test_the_pauses_are_those_of_the_settings_and_then_it_ends() -> None:
    schedule = Schedule((5.0, 300.0), DAY)
    assert [schedule.pause(n, Answer(500)) for n in (1, 2, 3)] == [5.0, 300.0, None]


def test_a_receiver_makes_a_pause_longer_up_to_a_day_and_never_shorter() -> None:
    schedule = Schedule((5.0,), DAY)
    found = [schedule.pause(1, Answer(503, retry_after=s)) for s in (1.0, 60.0, 1e9)]
    assert found == [5.0, 60.0, DAY]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("120", 120.0), ("", 0.0), ("soon", 0.0), ("-1", 0.0), ("1.5", 0.0), ("٣", 0.0)],
)
def test_retry_after_is_a_number_of_seconds(header: str, seconds: float) -> None:
    assert _seconds_in(header) == seconds


def test_retry_after_may_be_a_date() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(minutes=2), usegmt=True)
    assert 110 < _seconds_in(later) <= 120
    assert _seconds_in("Thu, 01 Jan 1970 00:00:00 GMT") == 0.0


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 429, 500, 503])
async def test_only_2xx_moves_on_and_a_repeat_has_the_same_id(
    sqlite_url: str, receiver: Receiver, status: int
) -> None:
    def answer(_: Delivery) -> web.StreamResponse:
        elsewhere = {"Location": receiver.url} if 300 <= status < 400 else {}
        bad = web.Response(status=status, headers=elsewhere)
        return bad if len(receiver.got) < 3 else web.Response(status=204)

    receiver.answer = answer
    async with delivering_on(sqlite_url) as node:
        _, secret = await add(node, receiver.url)
        client = await joined(node, "general")
        await say(client, "general", "next")
        await receiver.until(2)
    assert [delivery.text for delivery in receiver.got[:4]] == ["join", "join", "join", "next"]
    assert len({delivery.id for delivery in receiver.got[:3]}) == 1
    for delivery in receiver.got:
        delivery.verified(secret)


async def test_a_room_fails_after_the_last_try_and_waits_for_retry(
    node: Runtime, receiver: Receiver
) -> None:
    id, _ = await add(node, receiver.url)
    receiver.answer = lambda _: 500
    client = await joined(node, "general")
    await say(client, "general", "one")
    one = await until_listed(node, state="failing")
    assert len(receiver.got) == 3
    assert (one["behind"], one["failing_rooms"], one["next_try"]) == (2, 1, None)
    assert one["last_answer"]["answer"] == "500"
    await say(client, "general", "two")  # nothing wakes it but a retry
    other = await joined(node, "other", username="bob")
    receiver.answer = lambda delivery: 200 if delivery.data["room"] == "other" else 500
    await say(other, "other", "elsewhere")
    await receiver.until(2)
    assert [delivery.text for delivery in receiver.got[3:]].count("two") == 0
    receiver.answer = lambda _: 200
    assert (await node.operations.webhooks.retry(id))["rooms"] == 1
    await receiver.until(5)
    assert receiver.texts() == ["join", "elsewhere", "join", "one", "two"]
    assert (await until_listed(node, behind=0))["state"] == "active"


async def test_one_room_that_waits_does_not_hold_up_the_others(
    sqlite_url: str, receiver: Receiver
) -> None:
    receiver.answer = lambda delivery: 500 if delivery.data["room"] == "bad" else 200
    async with delivering_on(sqlite_url, webhook_retry_seconds=(600.0,)) as node:
        await add(node, receiver.url)
        client = await joined(node, "bad", "good")
        await say(client, "good", *map(str, range(20)))
        await receiver.until(21)
        one = await until_listed(node, behind=1)
        assert one["state"] == "retrying"
        assert one["next_try"] > one["last_answer"]["at"]


async def test_a_slow_room_does_not_hold_up_the_others(sqlite_url: str, receiver: Receiver) -> None:
    free = asyncio.Event()

    async def slowly(delivery: Delivery) -> int:
        if delivery.data["room"] == "slow":
            await free.wait()
        return 200

    receiver.answer = slowly
    async with delivering_on(sqlite_url) as node:
        await add(node, receiver.url)
        client = await joined(node, "slow", "quick")
        await say(client, "quick", *map(str, range(20)))
        await receiver.until(21)
        assert {delivery.data["room"] for delivery in receiver.taken} == {"quick"}
        free.set()
        await receiver.until(22)


async def test_an_answer_that_comes_too_late_counts_as_none(
    sqlite_url: str, receiver: Receiver
) -> None:
    async def late(_: Delivery) -> int:
        if len(receiver.got) == 1:
            await asyncio.sleep(30)
        return 200

    receiver.answer = late
    async with delivering_on(sqlite_url, webhook_seconds=0.2) as node:
        await add(node, receiver.url)
        await joined(node, "general")
        await receiver.until(1)
        assert [delivery.text for delivery in receiver.got] == ["join", "join"]
        assert node.deliverer.attempts["no answer"] == 1


async def test_a_day_that_the_receiver_asks_for_is_waited_for(
    sqlite_url: str, receiver: Receiver
) -> None:
    receiver.answer = lambda _: web.Response(status=503, headers={"Retry-After": "3600"})
    async with delivering_on(sqlite_url) as node:
        await add(node, receiver.url)
        await joined(node, "general")
        one = await until_listed(node, state="retrying")
        at, then = (datetime.fromisoformat(t) for t in (one["last_answer"]["at"], one["next_try"]))
        assert then - at == timedelta(hours=1)


async def test_410_disables_the_webhook_until_a_retry(node: Runtime, receiver: Receiver) -> None:
    id, _ = await add(node, receiver.url)
    receiver.answer = lambda _: 410
    client = await joined(node, "general")
    await until_listed(node, state="disabled")
    await say(client, "general", "one")
    one = await listed(node)
    assert (one["state"], one["behind"], one["next_try"]) == ("disabled", 2, None)
    assert len(receiver.got) == 1
    receiver.answer = lambda _: 200
    await node.operations.webhooks.retry(id)
    await receiver.until(2)
    assert receiver.texts() == ["join", "one"]


async def _in_the_middle(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")
    await writer.drain()


async def _at_once(_: asyncio.StreamWriter) -> None:
    return


async def _garbage(writer: asyncio.StreamWriter) -> None:
    writer.write(b"\x00\xff garbage\r\n\r\n")


async def _endless_header(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nX: ")
    while True:
        writer.write(b"x" * 65_536)
        await writer.drain()


@pytest.mark.parametrize("answer", [_in_the_middle, _at_once, _garbage, _endless_header])
async def test_an_answer_that_breaks_off_is_none(sqlite_url: str, answer: object) -> None:
    async with serving_raw(answer) as (url, requests), delivering_on(sqlite_url) as node:  # type: ignore[arg-type]
        await add(node, url)
        await joined(node, "general")
        one = await until_listed(node, state="failing")
        assert len(requests) == 3
        assert one["last_answer"]["answer"].startswith("the connection failed")


async def test_an_answer_without_end_is_read_only_so_far(sqlite_url: str) -> None:
    sent = 0

    async def endless(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
        while True:
            writer.write(b"x" * 65_536)
            sent += 65_536
            await writer.drain()

    async with serving_raw(endless) as (url, _), delivering_on(sqlite_url) as node:
        await add(node, url)
        await joined(node, "general")
        one = await until_listed(node, behind=0)
        assert one["last_answer"]["answer"] == "200"
        assert sent < 64 * 2**20


async def test_the_log_of_the_server_has_no_content_no_address_and_no_secret(
    sqlite_url: str, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "chatlog")
    receiver.answer = lambda _: 500
    async with delivering_on(sqlite_url) as node:
        handlers = node.operations.handlers()
        one = await handlers["webhook-add"](url=f"{receiver.url}?key=very-secret")
        client = await joined(node, "a-room")
        await say(client, "a-room", "a-message")
        await until_listed(node, state="failing")
        receiver.answer = lambda _: 200
        await handlers["webhook-retry"](id=one["id"])
        await until_listed(node, behind=0)
    said = caplog.text + "".join(repr(vars(record)) for record in caplog.records)
    assert said.count(f"The webhook {one['id']} did not take an event (500).") >= 1
    assert "takes events again" in said
    assert "is failing, and waits for" in said
    for hidden in (one["secret"], "very-secret", receiver.url, "a-message", "a-room"):
        assert hidden not in said
