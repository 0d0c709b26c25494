"""Serve until told to stop: the work of ``chatlog serve``."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import socket
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn

from aiohttp import web

from chatlog.domain.errors import LogError
from chatlog.runtime import Runtime
from chatlog.settings import Settings
from chatlog.web.app import create_app
from chatlog.web.keys import RUNTIME
from chatlog.web.network.acceptor import Acceptor
from chatlog.web.network.descriptors import fitted, warn_of_fewer
from chatlog.web.network.listening import listen

logger = logging.getLogger(__name__)


async def _nothing(_url: str) -> None:
    pass


async def run(
    settings: Settings,
    *,
    announce: Callable[[str], None],
    beside: Callable[[str], Coroutine[Any, Any, None]] = _nothing,
) -> None:
    """Serve until SIGINT, SIGTERM or SIGHUP, then stop gracefully.

    ``beside`` gets the server's address and runs while it serves; the stop cancels it.

    Raises:
        LogError: if the database is in use, foreign or too new; or if, while the server ran, it
            was migrated by a newer version, or the log got rooms with rights in open mode.
        CannotListen: if it cannot listen on the port.
    """
    asked, settings = settings, fitted(settings)
    # Handlers have been told to end by then; remaining ones are cancelled.
    grace = settings.shutdown_seconds / 4
    runner = web.AppRunner(create_app(settings), access_log=None, shutdown_timeout=grace)
    stop = _stop_on_signals()
    if not await _set_up(runner, stop, settings):
        return
    assert runner.server is not None  # it is made by the set-up
    acceptor = Acceptor(runner.server, settings)
    _spare_the_collector()
    runtime = runner.app[RUNTIME]
    try:
        listeners = await listen(settings.hosts, settings.port)
        acceptor.open(listeners)
        urls = list(map(_url, listeners))
        announce(f"chatlog serves on {' and '.join(urls)} (Ctrl-C stops it)")
        warn_of_fewer(asked, settings)
        async with asyncio.TaskGroup() as tasks:
            company = tasks.create_task(beside(urls[0]), name="beside the server")
            watching = tasks.create_task(_stop_if_unfit(runtime, stop), name="fitness")
            await stop.wait()
            company.cancel()
            watching.cancel()
        if runtime.unfit.done():
            raise LogError(runtime.unfit.result())
    finally:
        acceptor.close()
        await _clean_up(runner, settings)


async def _stop_if_unfit(runtime: Runtime, stop: asyncio.Event) -> None:
    await asyncio.shield(runtime.unfit)
    stop.set()


async def _set_up(runner: web.AppRunner, stop: asyncio.Event, settings: Settings) -> bool:
    """Set the server up; return False if it was told to stop before it was ready.

    A start may wait for seconds: for a lock, for a database that does not answer, or to see whether
    a server of the same name is alive.
    """
    starting = asyncio.create_task(runner.setup(), name="the start")
    stopping = asyncio.create_task(stop.wait(), name="a stop during the start")
    await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if starting.done():
        await starting
        return True
    starting.cancel()
    await asyncio.wait({starting}, timeout=settings.shutdown_seconds / 2)
    if not starting.done():
        _end_at_once("The database did not answer; the server did not start.")
    return not starting.cancelled() and starting.exception() is None


def _url(listener: socket.socket) -> str:
    host, port, *_ = listener.getsockname()
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def _clean_up(runner: web.AppRunner, settings: Settings) -> None:
    """Stop gracefully, but within the time limit.

    It does not wait for a database that does not answer. Acknowledged events are durable, and
    sessions left open lapse when the log is opened again.
    """
    cleaning = asyncio.create_task(runner.cleanup(), name="the stop")
    # Not a timeout of its own: a driver that shields what it closes would not be cancelled by it.
    await asyncio.wait({cleaning}, timeout=settings.shutdown_seconds)
    if not cleaning.done():
        _end_at_once("The database did not answer in time; its sessions will lapse.")
    await cleaning


def _end_at_once(why: str) -> NoReturn:
    """Exit with the status of a normal stop, whatever is still running."""
    logger.warning(why)
    logging.shutdown()
    os._exit(0)


def _spare_the_collector() -> None:
    """Make the garbage collector run less often, and ignore objects from start-up.

    With its defaults it took 9 to 14 % of the time under load, more with every connection;
    reference counting frees the objects of messages anyway.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _stop_on_signals() -> asyncio.Event:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # `nohup` has SIGHUP ignored, so that the server outlives its terminal.
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, stop.set)
    return stop
