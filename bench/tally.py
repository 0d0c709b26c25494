"""What a run came to, and whether it counts: a run that loses anything is no result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.crowd import Crowd


@dataclass(frozen=True, slots=True)
class Tally:
    """One load on one server, from the first chat sent to the last one delivered."""

    messages: int
    deliveries: int
    lost: int
    repeated: int
    disordered: int
    unacknowledged: int
    cut: int
    seconds: float
    server_cpu_seconds: float
    generator_cpu_seconds: float
    bytes_in: int
    p50_ms: float
    p99_ms: float
    in_time: bool = True
    """False where deliveries still came when the wait for them ended: the server was too slow."""

    @property
    def faults(self) -> str:
        """What disqualifies the run, in words; empty for a clean one."""
        counts = {
            "lost" if self.in_time else "overdue": self.lost,
            "repeated": self.repeated,
            "out of order": self.disordered,
            "unacknowledged" if self.in_time else "acks overdue": self.unacknowledged,
            "connections cut": self.cut,
        }
        return ", ".join(f"{count} {name}" for name, count in counts.items() if count)

    @property
    def deliveries_per_second(self) -> float:
        return self.deliveries / self.seconds

    @property
    def deliveries_per_cpu_second(self) -> float:
        return self.deliveries / self.server_cpu_seconds

    @property
    def messages_per_second(self) -> float:
        return self.messages / self.seconds

    @property
    def server_cpu_us_per_message(self) -> float:
        return self.server_cpu_seconds * 1e6 / self.messages

    @property
    def generator_cores(self) -> float:
        """How busy the generator was; near 1, it is what was measured."""
        return self.generator_cpu_seconds / self.seconds


def tally(
    crowd: Crowd,
    seconds: float,
    server_cpu: float,
    generator_cpu: float,
    *,
    in_time: bool = True,
) -> Tally:
    """Compare what every member got with what its room was sent."""
    members = crowd.members
    missing = [crowd.sent[member.room] - member.marks for member in members]
    messages = sum(crowd.sent.values())
    acks = sum(member.acks for member in members)
    latencies_ns = crowd.latencies_ns
    return Tally(
        messages=messages,
        deliveries=sum(member.marks for member in members),
        lost=sum(max(0, count) for count in missing),
        repeated=sum(max(0, -count) for count in missing),
        disordered=sum(member.disorder for member in members),
        unacknowledged=abs(messages - acks) if crowd.dialect.acknowledges else 0,
        cut=sum(member.closed for member in members),
        seconds=seconds,
        server_cpu_seconds=server_cpu,
        generator_cpu_seconds=generator_cpu,
        bytes_in=sum(member.bytes_in for member in members),
        p50_ms=percentile(latencies_ns, 0.50) / 1e6,
        p99_ms=percentile(latencies_ns, 0.99) / 1e6,
        in_time=in_time,
    )


def percentile(values: Sequence[float], part: float) -> float:
    """Return the value that ``part`` (0 to 1) of the values are not above; 0 without values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else 0.0
