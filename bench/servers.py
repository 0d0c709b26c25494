"""Starting and stopping the servers to measure, each alone on its core, on a fresh log."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.dialects import CHATLOG, NODE, Dialect
from bench.member import HOST
from bench.node import node_environment, node_server
from bench.process import cpu_seconds, on_server_core

_START_SECONDS = 30
_STOP_SECONDS = 10
_ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Server:
    """A running server, or several nodes that share a log."""

    name: str
    pids: tuple[int, ...]
    ports: tuple[int, ...]
    dialect: Dialect
    others_cpu_seconds: Callable[[], float] = float
    """The CPU seconds so far of what the server cannot work without, such as a database."""

    @property
    def pid(self) -> int:
        """The process of the only node."""
        (pid,) = self.pids
        return pid

    def cpu_seconds(self) -> float:
        """Return the CPU seconds so far."""
        return sum(map(cpu_seconds, self.pids)) + self.others_cpu_seconds()


@contextmanager
def chatlog(
    dialect: Dialect = CHATLOG,
    under: Sequence[str] = (),
    flags: Sequence[str] = (),
    database: str = "",
) -> Iterator[Server]:
    """Run ``chatlog serve`` with default settings besides the ``flags``, by default on SQLite.

    That is an empty file. ``under`` are Python's arguments before ``-m chatlog``, for a profiler.
    """
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="chatlog-bench-") as folder:
        database = database or f"sqlite:///{folder}/bench.db"
        python = [sys.executable, *under, "-m", "chatlog"]
        command = [*python, "serve", "--host", HOST, "--port", str(port), "--database", database]
        with running([*command, *flags], Path(folder), {}) as process:
            wait_until(process, lambda: _is_ready(port))
            yield Server("chatlog", (process.pid,), (port,), dialect)


@contextmanager
def nodes(count: int, database: str, flags: Sequence[str] = ()) -> Iterator[Server]:
    """Run several nodes on one PostgreSQL, all on the one core for servers."""
    with ExitStack() as stack:
        running = [
            stack.enter_context(chatlog(flags=flags, database=database)) for _ in range(count)
        ]
        pids = tuple(pid for one in running for pid in one.pids)
        ports = tuple(port for one in running for port in one.ports)
        yield Server(f"{count} nodes", pids, ports, CHATLOG)


@contextmanager
def node() -> Iterator[Server]:
    """Run the tutorial's server, ``peers/node/server.js``."""
    port = free_port()
    with (
        tempfile.TemporaryDirectory(prefix="chatlog-bench-") as folder,
        running(node_server(), Path(folder), node_environment(port)) as process,
    ):
        wait_until(process, lambda: listens(port))
        yield Server("node", (process.pid,), (port,), NODE)


def free_port() -> int:
    """Find a port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(
    command: Sequence[str], folder: Path, more: dict[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server on the servers' core until the end of the ``with``; ``folder`` has its log."""
    log = folder / "server.log"
    with on_server_core(), log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=_ROOT, stdout=output, stderr=output, env={**os.environ, **more}
        )
    try:
        yield process
    except BaseException:
        sys.stderr.write(log.read_text(errors="replace")[-2000:])
        raise
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wait_until(process: subprocess.Popen[bytes], ready: Callable[[], bool]) -> None:
    """Wait until a server is ready; an error says that it ended or took too long."""
    end = time.monotonic() + _START_SECONDS
    while not ready():
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode} before it was ready")
        if time.monotonic() > end:
            raise TimeoutError(f"the server was not ready within {_START_SECONDS} s")
        time.sleep(0.05)


def _is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://{HOST}:{port}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def counters(port: int) -> dict[str, float]:
    """Return the counters of a chatlog's ``/metrics`` that have no labels, by their short names."""
    with urllib.request.urlopen(f"http://{HOST}:{port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    found = re.findall(r"^chatlog_(\w+)_total (\S+)$", text, re.MULTILINE)
    return {name: float(number) for name, number in found}


def listens(port: int) -> bool:
    """Tell whether somebody listens on a port of loopback."""
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0
