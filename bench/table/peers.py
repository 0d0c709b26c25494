"""Starting the peers other than the tutorial's server, each on a fresh folder."""

from __future__ import annotations

import json
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from bench.dialects import Dialect
from bench.member import HOST
from bench.nats import nats_program
from bench.node import node_environment, node_server
from bench.postgres import postgres
from bench.servers import Server, free_port, listens, running, wait_until
from bench.table.dialects import CENTRIFUGO, NAIVE, NATS, NATS_CONNECT, NATS_STREAM, SOCKETIO

_PEERS: Final = Path(__file__).resolve().parent.parent / "peers"
_STEP_SECONDS: Final = 10
CENTRIFUGO_PROGRAM: Final = "centrifugo"


@contextmanager
def socketio() -> Iterator[Server]:
    """Run ``peers/socketio``: Socket.IO on Node.js."""
    with _served("Socket.IO", SOCKETIO, lambda *_: node_server("socketio")) as server:
        yield server


@contextmanager
def python_socketio() -> Iterator[Server]:
    """Run ``peers/python_socketio.py``: the same chat on python-socketio and aiohttp."""

    def command(port: int, _: Path) -> list[str]:
        return [sys.executable, str(_PEERS / "python_socketio.py"), str(port)]

    with _served("python-socketio", SOCKETIO, command) as server:
        yield server


@contextmanager
def naive() -> Iterator[Server]:
    """Run ``peers/naive.py``: aiohttp and a commit a message."""

    def command(port: int, folder: Path) -> list[str]:
        return [sys.executable, str(_PEERS / "naive.py"), str(port), str(folder / "chat.db")]

    with _served("naive aiohttp", NAIVE, command) as server:
        yield server


@contextmanager
def nats_jetstream() -> Iterator[Server]:
    """Run a nats-server with WebSocket and a stream in files that keeps what the rooms are told.

    The members subscribe to the room's subject, and each message asks for the stream's ack.
    """
    clients = free_port()

    def command(port: int, folder: Path) -> list[str]:
        # The load generator answers no pings of NATS: an hour without them outlasts every run.
        path = folder / "nats.conf"
        path.write_text(
            f'listen: "{HOST}:{clients}"\n'
            f'websocket {{ listen: "{HOST}:{port}", no_tls: true }}\n'
            f'jetstream {{ store_dir: "{folder}" }}\n'
            'ping_interval: "1h"\n',
            encoding="utf-8",
        )
        return [nats_program(), "-c", str(path)]

    with _served("NATS JetStream", NATS, command) as server:
        _create_stream(clients)
        yield server


def _create_stream(port: int) -> None:
    config = {"name": NATS_STREAM, "subjects": ["room.*"], "storage": "file"}
    body = json.dumps(config)
    create = f"PUB $JS.API.STREAM.CREATE.{NATS_STREAM} inbox.admin {len(body)}\r\n{body}\r\n"
    with socket.create_connection((HOST, port), _STEP_SECONDS) as connection:
        connection.sendall(f"{NATS_CONNECT}SUB inbox.admin 1\r\n{create}".encode())
        answer = b""
        while b"stream_create_response" not in answer:
            chunk = connection.recv(65536)
            if not chunk:
                raise ConnectionError(f"no stream: {answer!r}")
            answer += chunk
    if b'"error"' in answer:
        raise RuntimeError(f"no stream: {answer!r}")


@contextmanager
def centrifugo() -> Iterator[Server]:
    """Run Centrifugo with all in memory: presence and the history of channels."""
    with _centrifugo("Centrifugo, memory", {}) as server:
        yield server


@contextmanager
def centrifugo_postgres() -> Iterator[Server]:
    """Run Centrifugo with the history of its channels in a PostgreSQL, whose CPU is counted too.

    With more than one shard, its NOTIFY wakes the reader of another shard than that it wrote to.
    """
    with postgres() as database:
        told = {"dsn": database.fresh(), "num_shards": 1, "use_notify": True}
        broker = {"enabled": True, "type": "postgres", "postgres": told}
        with _centrifugo("Centrifugo, PostgreSQL", {"broker": broker}) as server:
            yield replace(server, others_cpu_seconds=database.cpu_seconds)


@contextmanager
def _centrifugo(name: str, more: dict[str, Any]) -> Iterator[Server]:
    def command(port: int, folder: Path) -> list[str]:
        told = ("presence", "join_leave", "force_push_join_leave", "force_recovery")
        allowed = ("subscribe", "publish", "presence")
        rights = {f"allow_{right}_for_client": True for right in allowed}
        history = {"history_size": 10_000, "history_ttl": "24h"}
        config = {
            "http_server": {"address": HOST, "port": str(port)},
            # The load generator answers no pings: an hour without them outlasts every run.
            "client": {"insecure": True, "ping_interval": "1h", "pong_timeout": "1m"},
            "channel": {"without_namespace": {**dict.fromkeys(told, True), **rights, **history}},
            "log": {"level": "error"},
            **more,
        }
        path = folder / "centrifugo.json"
        path.write_text(json.dumps(config), encoding="utf-8")
        return [CENTRIFUGO_PROGRAM, "--config", str(path)]

    with _served(name, CENTRIFUGO, command) as server:
        yield server


@contextmanager
def _served(
    name: str, dialect: Dialect, command: Callable[[int, Path], Sequence[str]]
) -> Iterator[Server]:
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="chatlog-bench-") as found:
        folder = Path(found)
        with running(command(port, folder), folder, node_environment(port)) as process:
            wait_until(process, lambda: listens(port))
            yield Server(name, (process.pid,), (port,), dialect)
