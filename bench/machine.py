"""What the figures were measured on: no names of hosts or people, only what explains them."""

from __future__ import annotations

import os
import platform
import re
import resource
import sqlite3
import time
from pathlib import Path

from bench.node import node_version


def machine_facts() -> dict[str, str]:
    """Collect cores, processor, kernel and versions."""
    return {
        "cores": str(os.cpu_count()),
        "processor": _processor(),
        "kernel": f"{platform.system()} {_kernel()}",
        "Python": platform.python_version(),
        "SQLite": sqlite3.sqlite_version,
        "Node": node_version(),
    }


class OtherWork:
    """How many cores others keep busy, from its making on.

    All that the machine does, less what this process and the servers it has run did.
    """

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._busy = _busy_seconds() - _our_seconds()

    def cores(self) -> float:
        """Return the mean so far."""
        others = _busy_seconds() - _our_seconds() - self._busy
        return max(0.0, others / (time.monotonic() - self._begun))


def idle_seconds() -> float:
    """Return for how long cores have been idle, all together."""
    ticks = Path("/proc/stat").read_text().split(maxsplit=6)[4:6]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def _busy_seconds() -> float:
    """Return what all cores together have spent on processes: user, nice, system."""
    ticks = Path("/proc/stat").read_text().split(maxsplit=4)[1:4]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def _our_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def _processor() -> str:
    found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1].strip() if found else platform.machine()


def _kernel() -> str:
    found = re.match(r"[\d.]*\d", platform.release())
    return found[0] if found else "?"
