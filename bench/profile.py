"""Where a message's time goes: a load on chatlog under Python's own profiler.

``python -m bench.profile`` (the equal load) or ``python -m bench.profile peak``. The profiler
makes every call dearer, small ones most, and sees the event loop's thread alone: look for
what stands out, and measure a change with ``python -m bench``. For what lies below Python,
and to leave the server undisturbed:

    perf record -F 999 -g -p PID -- sleep 5 && perf report --no-children --sort dso,symbol
"""

from __future__ import annotations

import argparse
import pstats
import tempfile
from pathlib import Path

from bench.scenarios.equal_load import loaded
from bench.scenarios.peak import saturated
from bench.servers import chatlog

_LOADS = {"equal-load": loaded, "peak": saturated}


def main() -> None:
    """Run one load and print the functions that took the most time themselves."""
    parser = argparse.ArgumentParser(prog="python -m bench.profile")
    parser.add_argument("load", nargs="?", choices=_LOADS, default="equal-load")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--lines", type=int, default=40)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="chatlog-profile-") as folder:
        found = Path(folder) / "profile"
        with chatlog(under=("-m", "cProfile", "-o", str(found))) as server:
            result = _LOADS[wanted.load](server, wanted.seconds)
        print(f"{result.messages} messages, {result.deliveries} deliveries measured")
        pstats.Stats(str(found)).sort_stats("tottime").print_stats(wanted.lines)


if __name__ == "__main__":
    main()
