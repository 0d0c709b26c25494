"""What it costs that everybody proves who they are: ``python -m bench.token_mode``.

The equal load of ``bench.scenarios.equal_load`` on two servers in turn, one in open and one in
token mode, where rights and the limit of chats a user are checked. Prints the server's CPU a
message of each, and the median of the ratios of runs made one right after the other.
"""

from __future__ import annotations

import argparse
import secrets
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import jwt

from bench.dialects import CHATLOG
from bench.scenarios.equal_load import loaded
from bench.servers import chatlog


def main() -> None:
    """Measure, and print a line a pair of runs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=6.0, help="of each run")
    parser.add_argument("--repeat", type=int, default=5, help="pairs of runs")
    wanted = parser.parse_args()
    ratios = []
    for number in range(wanted.repeat):
        # Whatever warms up or wears out favours neither.
        first, second = _in_open_mode, _in_token_mode
        if number % 2:
            first, second = second, first
        costs = {run.__name__: run(wanted.seconds) for run in (first, second)}
        is_open, is_token = costs[_in_open_mode.__name__], costs[_in_token_mode.__name__]
        ratios.append(is_token / is_open)
        print(f"open {is_open:.1f} µs, token {is_token:.1f} µs a message: {ratios[-1]:.3f} times")
    print(f"median {statistics.median(ratios):.3f} times, of {wanted.repeat} pairs")


def _in_open_mode(seconds: float) -> float:
    with chatlog() as server:
        return loaded(server, seconds).server_cpu_us_per_message


def _in_token_mode(seconds: float) -> float:
    secret = secrets.token_hex(32)

    def token(username: str) -> str:
        claims = {"sub": username, "name": username, "exp": time.time() + 3_600}
        return jwt.encode(claims, secret, algorithm="HS256")

    with tempfile.TemporaryDirectory(prefix="chatlog-bench-") as folder:
        file = Path(folder) / "secret"
        file.write_text(secret)
        flags = ("--auth", "token", "--token-secret-file", str(file))
        limits = ("--max-chats-per-second", "1000")
        with chatlog(replace(CHATLOG, token=token), flags=(*flags, *limits)) as server:
            return loaded(server, seconds).server_cpu_us_per_message


if __name__ == "__main__":
    main()
