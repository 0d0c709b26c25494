"""Metrics parse as Prometheus does and count what happened."""

from __future__ import annotations

from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from tests.support.apps import Browser, frame_of, served

KINDS = {
    "chatlog_ready": "gauge",
    "chatlog_connections": "gauge",
    "chatlog_rooms": "gauge",
    "chatlog_lagging_readers": "gauge",
    "chatlog_waiting_commands": "gauge",
    "chatlog_clock_behind_seconds": "gauge",
    "chatlog_appends": "counter",
    "chatlog_deliveries": "counter",
    "chatlog_delivered_bytes": "counter",
    "chatlog_slow_readers": "counter",
    "chatlog_refusals": "counter",
    "chatlog_task_failures": "counter",
    "chatlog_batch_size": "histogram",
    "chatlog_commit_seconds": "histogram",
}


async def scraped(client: Browser) -> dict[str, Metric]:
    async with client.get("/metrics") as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith("text/plain; version=")
        return {found.name: found for found in text_string_to_metric_families(await answer.text())}


def value(metric: Metric, suffix: str = "", **labels: str) -> float:
    (found,) = (
        sample.value
        for sample in metric.samples
        if sample.name == metric.name + suffix and sample.labels == labels
    )
    return found


async def test_each_metric_has_its_kind_a_help_and_no_surprise(sqlite_url: str) -> None:
    async with served(sqlite_url) as client:
        metrics = await scraped(client)
    assert {name: metrics[name].type for name in KINDS} == KINDS
    for name, metric in metrics.items():
        assert name.startswith("chatlog_")
        assert metric.documentation
        for sample in metric.samples:
            assert set(sample.labels) <= {"code", "le", "task"}, "no names of rooms or people"


async def test_they_count_what_happened(sqlite_url: str) -> None:
    async with served(sqlite_url) as client, client.ws_connect("/ws") as ws:
        await ws.send_json({"type": "join", "room": "general", "username": "ada"})
        await frame_of(ws, "caught_up")
        await ws.send_json({"type": "chat", "message": "hi"})
        await frame_of(ws, "chat")
        await ws.send_str("{")
        await frame_of(ws, "error")
        metrics = await scraped(client)
    assert value(metrics["chatlog_connections"]) == 1
    assert value(metrics["chatlog_rooms"]) == 1
    assert value(metrics["chatlog_appends"], "_total") == 2
    assert value(metrics["chatlog_deliveries"], "_total") == 2
    assert value(metrics["chatlog_delivered_bytes"], "_total") > 100
    assert value(metrics["chatlog_refusals"], "_total", code="bad_json") == 1
    assert value(metrics["chatlog_batch_size"], "_count") == 2
    assert value(metrics["chatlog_batch_size"], "_sum") == 2
    assert value(metrics["chatlog_batch_size"], "_bucket", le="+Inf") == 2
    assert value(metrics["chatlog_batch_size"], "_bucket", le="1.0") == 2
    assert value(metrics["chatlog_commit_seconds"], "_count") == 2


async def test_refusals_over_http_are_counted_by_code_too(sqlite_url: str) -> None:
    async with served(sqlite_url) as client:
        for path in ("/api/rooms/nowhere/events", "/api/rooms?limit=x", "/nowhere", "/nowhere"):
            async with client.get(path) as answer:
                assert answer.status in (400, 404)
        async with client.get("/api/rooms", headers={"Host": "evil.example"}) as answer:
            assert answer.status == 403
        refusals = (await scraped(client))["chatlog_refusals"]
    counted = {"room_unknown": 1, "bad_command": 1, "not_found": 2, "forbidden": 1}
    assert {code: value(refusals, "_total", code=code) for code in counted} == counted


async def test_a_histogram_s_buckets_only_grow(sqlite_url: str) -> None:
    async with served(sqlite_url) as client:
        metrics = await scraped(client)
    for name in ("chatlog_batch_size", "chatlog_commit_seconds"):
        buckets = [s for s in metrics[name].samples if s.name.endswith("_bucket")]
        bounds = [float(sample.labels["le"]) for sample in buckets]
        counts = [sample.value for sample in buckets]
        assert bounds == sorted(bounds)
        assert counts == sorted(counts)
        assert bounds[-1] == float("inf")
