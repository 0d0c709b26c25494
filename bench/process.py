"""What a process costs, as Linux tells it, and the core it runs on."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_CPUCLOCK_SCHED = 2
_CORES = sorted(os.sched_getaffinity(0))


def cpu_seconds(pid: int) -> float:
    """Return a process's CPU seconds so far, ended threads included, in nanosecond steps.

    ``/proc/PID/stat`` counts in steps of 10 ms. The clock's number is what
    clock_getcpuclockid(3) gives, which Python doesn't offer.
    """
    return time.clock_gettime((~pid << 3) | _CPUCLOCK_SCHED)


def own_cpu_seconds() -> float:
    """Return the CPU seconds of the generator so far."""
    return time.process_time()


def resident_bytes(pid: int) -> int:
    """Return the memory of a process that is in RAM now."""
    pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
    return int(pages) * resource.getpagesize()


@contextmanager
def on_server_core() -> Iterator[None]:
    """Let the processes started inside run on the first core; the rest stays on the others.

    The affinity is inherited, so the server has it from its first instruction and all its
    threads share the one core. With a single core there is nothing to share out.
    """
    os.sched_setaffinity(0, _CORES[:1])
    try:
        yield
    finally:
        os.sched_setaffinity(0, _CORES[1:] or _CORES)


def allow_many_files() -> None:
    """Raise the limit of open files as far as it goes; servers inherit it."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
