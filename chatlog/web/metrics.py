"""Metrics in Prometheus' text format, read from the running parts when asked.

Nothing is counted twice, and nothing on the path of a message calls a metrics library.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from aiohttp import web
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector, CollectorRegistry

from chatlog.eventlog.committing.histogram import Histogram
from chatlog.runtime import Runtime
from chatlog.web.keys import RUNTIME


class NodeCollector(Collector):
    """Converts a node's own counts to metrics, and ``is_ready``, which takes a commit to tell."""

    def __init__(self, runtime: Runtime, *, is_ready: bool) -> None:
        self._runtime = runtime
        self._is_ready = is_ready

    def collect(self) -> Iterator[Metric]:
        """Yield every metric as of now."""
        runtime = self._runtime
        delivered = runtime.rooms.delivered
        yield _gauge("ready", "Whether /readyz answers 200", self._is_ready)
        yield _gauge("connections", "Open WebSockets and streams", len(runtime.clients))
        yield _gauge("rooms", "Rooms in memory", len(runtime.rooms))
        yield _gauge("lagging_readers", "Members that lag behind the head", runtime.rooms.lagging())
        yield _gauge("waiting_commands", "Commands waiting for a commit", runtime.committer.waiting)
        yield _gauge(
            "log_position", "Position up to which the log is dispatched", runtime.tail.position
        )
        if runtime.bell is not None:
            yield _gauge("bell_up", "Whether other nodes' bells are heard", runtime.bell.is_up)
            yield _counter("bell_rings", "Bells of other nodes that were heard", runtime.bell.heard)
        behind = runtime.clock.behind_seconds
        yield _gauge(
            "clock_behind_seconds", "How far the clock is behind the log's last time", behind
        )
        yield _counter("appends", "Events appended by this node", runtime.committer.appended)
        yield _counter("deliveries", "Events written to members", delivered.events)
        yield _counter("delivered_bytes", "Bytes written to members", delivered.bytes)
        yield _counter("slow_readers", "Readers disconnected as too slow", delivered.slow)
        yield _counters("refusals", "Commands and requests refused", "code", runtime.refusals)
        failures = runtime.tasks.failures
        yield _counters("task_failures", "Failures of background tasks", "task", failures)
        reads = runtime.past.reads
        yield _counters("history_reads", "Reads of the past, with a standby", "place", reads)
        yield _gauge("webhooks", "Webhooks that this node delivers", runtime.deliverer.count)
        attempts = runtime.deliverer.attempts
        yield _counters("webhook_attempts", "Attempts to deliver events", "answer", attempts)
        yield _histogram("batch_size", "Commands in a commit", runtime.committer.batch_sizes)
        yield _histogram(
            "commit_seconds", "Seconds that a commit takes", runtime.committer.commit_seconds
        )


def _gauge(name: str, help: str, value: float) -> Metric:
    return GaugeMetricFamily(f"chatlog_{name}", help, value=value)


def _counter(name: str, help: str, value: float) -> Metric:
    return CounterMetricFamily(f"chatlog_{name}", help, value=value)


def _counters(name: str, help: str, label: str, counts: Mapping[str, int]) -> Metric:
    """Return a counter for each value of a label."""
    family = CounterMetricFamily(f"chatlog_{name}", help, labels=[label])
    for value, count in sorted(counts.items()):
        family.add_metric([value], count)
    return family


def _histogram(name: str, help: str, histogram: Histogram) -> Metric:
    bounds = [*map(str, map(float, histogram.bounds)), "+Inf"]
    total, buckets = 0, []
    for bound, count in zip(bounds, histogram.counts, strict=True):
        total += count
        buckets.append((bound, float(total)))
    return HistogramMetricFamily(f"chatlog_{name}", help, buckets=buckets, sum_value=histogram.sum)


async def show(request: web.Request) -> web.Response:
    """Answer with all metrics."""
    runtime = request.app[RUNTIME]
    registry = CollectorRegistry(auto_describe=False)
    registry.register(NodeCollector(runtime, is_ready=await runtime.is_ready()))
    # Set as a header: aiohttp's content_type argument refuses a value with parameters.
    headers = {"Content-Type": CONTENT_TYPE_LATEST}
    return web.Response(body=generate_latest(registry), headers=headers)
