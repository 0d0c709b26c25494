"""What the figures were measured on: no names of hosts or people, only what explains them."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
from pathlib import Path

from bench.node import node_version


def machine_facts() -> dict[str, str]:
    """Collect cores, processor, kernel and versions, and how busy others kept the machine."""
    return {
        "cores": str(os.cpu_count()),
        "processor": _processor(),
        "kernel": f"{platform.system()} {_kernel()}",
        "Python": platform.python_version(),
        "SQLite": sqlite3.sqlite_version,
        "Node": node_version(),
        "load average before": f"{os.getloadavg()[0]:.1f}",
    }


def _processor() -> str:
    found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1].strip() if found else platform.machine()


def _kernel() -> str:
    found = re.match(r"[\d.]*\d", platform.release())
    return found[0] if found else "?"
