"""Processes of chatlog that are forked from one that has imported it already.

Importing takes ``python -m chatlog`` 0.7 s of CPU time, most of what a command or the start of a
server takes. What is forked is a process like any other, with its own pid, memory and environment:
it may be killed and stopped, and runs the program from the first line of ``chatlog/__main__.py``.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import functools
import gc
import importlib
import json
import os
import pkgutil
import resource
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[2]
_LARGEST = 128 * 1024
_LIMITS = (resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE, resource.RLIMIT_AS)
_DRIVERS = ("sqlalchemy.dialects.sqlite.aiosqlite", "sqlalchemy.dialects.postgresql.asyncpg")
# What Python and the C library read when they start, which a forked process does no more.
_AT_START = ("PYTHON", "LD_", "LC_", "LANG", "MALLOC_")


class Forked:
    """A process that was forked; like ``asyncio.subprocess.Process`` as far as tests use it."""

    def __init__(self, pid: int, said: socket.socket) -> None:
        self.pid = pid
        self._said = said
        self._loop = asyncio.get_running_loop()
        self._ended: asyncio.Future[int] = self._loop.create_future()
        self._loop.add_reader(said, self._look)

    @property
    def returncode(self) -> int | None:
        self._look()
        return self._ended.result() if self._ended.done() else None

    async def wait(self) -> int:
        return await asyncio.shield(self._ended)

    def send_signal(self, number: int) -> None:
        if self.returncode is not None:
            raise ProcessLookupError
        os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _look(self) -> None:
        if self._ended.done():
            return
        try:
            status = self._said.recv(64)
        except BlockingIOError:
            return
        self._loop.remove_reader(self._said)
        self._said.close()
        self._ended.set_result(int(status))


def can_fork() -> bool:
    """Return whether a process that is forked now would be as one that is started now."""
    return hasattr(os, "pidfd_open") and _read_at_start() == _forker()[1]


async def fork(
    arguments: Sequence[str], *, out: int, err: int, environment: Mapping[str, str] | None = None
) -> Forked:
    """Run ``python -m chatlog`` with these arguments; it prints to these files.

    Its environment is that of the test, and what is given.
    """
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    told = {
        "arguments": list(arguments),
        "folder": str(Path.cwd()),
        "environment": {**os.environ, **(environment or {})},
        "umask": _umask(),
        "limits": {number: resource.getrlimit(number) for number in _LIMITS},
    }
    with far:
        files = [out, err, far.fileno()]
        socket.send_fds(_forker()[0], [json.dumps(told).encode()], files)
    near.setblocking(False)
    try:
        return Forked(int(await asyncio.get_running_loop().sock_recv(near, 64)), near)
    except BaseException:
        near.close()
        raise


def _umask() -> int:
    mask = os.umask(0o077)  # it can't be read without being set
    os.umask(mask)
    return mask


def _read_at_start() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith(_AT_START)}


@functools.cache
def _forker() -> tuple[socket.socket, dict[str, str]]:
    """Start the process that forks, once in a test process, and return how to talk to it."""
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    code = f"from tests.support.forking import run_forker; run_forker({far.fileno()})"
    with far:
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            cwd=_ROOT,
            pass_fds=[far.fileno()],
        )

    def end() -> None:
        near.close()
        process.wait(10)

    atexit.register(end)
    return near, _read_at_start()


def run_forker(control: int) -> None:
    """Fork whenever the test process asks, until it ends; then run chatlog in the new process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _import_all()
    told = _until_forked(socket.socket(fileno=control))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _become(told)
    runpy.run_module("chatlog", run_name="__main__", alter_sys=True)


def _become(told: dict[str, Any]) -> None:
    """Have the folder, environment and limits of whoever asked, as one who is started has."""
    os.environ.clear()
    os.environ.update(told["environment"])
    time.tzset()
    os.chdir(told["folder"])
    os.umask(told["umask"])
    for number, limits in told["limits"].items():
        resource.setrlimit(int(number), limits)
    sys.argv[1:] = told["arguments"]


def _import_all() -> None:
    import chatlog

    for module in pkgutil.walk_packages(chatlog.__path__, "chatlog."):
        if not module.name.endswith("__main__") and ".migrations" not in module.name:
            importlib.import_module(module.name)
    for name in _DRIVERS:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()


def _until_forked(asked: socket.socket) -> dict[str, Any]:
    """Return in each new process what it is told; the process that forks never returns."""
    selector = selectors.DefaultSelector()
    selector.register(asked, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.fileobj is not asked:
                _tell_end(selector, key)
            elif (told := _fork_one(selector, asked)) is not None:
                return told


def _fork_one(selector: selectors.BaseSelector, asked: socket.socket) -> dict[str, Any] | None:
    text, files, _, _ = socket.recv_fds(asked, _LARGEST, 3)
    if not text:
        raise SystemExit
    pid = os.fork()
    if pid == 0:
        _take(selector, asked, files)
        told: dict[str, Any] = json.loads(text)
        return told
    out, err, told_to = files
    os.close(out)
    os.close(err)
    teller = socket.socket(fileno=told_to)
    teller.send(str(pid).encode())
    selector.register(os.pidfd_open(pid), selectors.EVENT_READ, (pid, teller))
    return None


def _take(selector: selectors.BaseSelector, asked: socket.socket, files: list[int]) -> None:
    """In a new process: keep nothing of the one that forked it, and print where it is told to."""
    for key in list(selector.get_map().values()):
        if key.fileobj is not asked:
            os.close(key.fd)
            key.data[1].close()
    selector.close()
    asked.close()
    for number, file in zip((1, 2), files, strict=False):
        os.dup2(file, number)
    for file in files:
        os.close(file)


def _tell_end(selector: selectors.BaseSelector, key: selectors.SelectorKey) -> None:
    selector.unregister(key.fileobj)
    os.close(key.fd)
    pid, teller = key.data
    _, status = os.waitpid(pid, 0)
    with teller, contextlib.suppress(OSError):  # whoever asked may have gone
        teller.send(str(os.waitstatus_to_exitcode(status)).encode())
