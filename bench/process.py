"""What a process costs, as Linux tells it, and the core it runs on."""

from __future__ import annotations

import contextlib
import os
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_CPUCLOCK_SCHED = 2
_PARENT, _ENDED_USER, _ENDED_SYSTEM = 1, 13, 14  # of proc(5), counted from the third field
_CORES = sorted(os.sched_getaffinity(0))


def cpu_seconds(pid: int) -> float:
    """Return a process's CPU seconds so far, ended threads included, in nanosecond steps.

    ``/proc/PID/stat`` counts in steps of 10 ms. The clock's number is what
    clock_getcpuclockid(3) gives, which Python doesn't offer.
    """
    return time.clock_gettime((~pid << 3) | _CPUCLOCK_SCHED)


def family_cpu_seconds(pid: int) -> float:
    """Return the CPU seconds so far of a process and its children, those that have ended included.

    All of PostgreSQL's processes are children of its first. What ended is counted in steps of
    10 ms.
    """
    living = 0.0
    for one in (pid, *_children(pid)):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            living += cpu_seconds(one)
    ended = _stat(pid)[_ENDED_USER : _ENDED_SYSTEM + 1]
    return living + sum(map(int, ended)) / os.sysconf("SC_CLK_TCK")


def _children(pid: int) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if int(_stat(int(folder.name))[_PARENT]) == pid:
                found.append(int(folder.name))
    return found


def _stat(pid: int) -> list[str]:
    """Return the fields of ``/proc/PID/stat`` after the name, which may hold blanks."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()


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
