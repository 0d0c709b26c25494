"""A stop keeps its time limit, whatever a driver waits for."""

from __future__ import annotations

import asyncio
from typing import NoReturn, cast

import pytest
from aiohttp import web

from chatlog.settings import Settings
from chatlog.web import run


class Ended(Exception):
    """The process would have ended here."""


class Runner:
    """Takes long to clean up, and is not cancelled by who waits for it."""

    async def cleanup(self) -> None:
        closing = asyncio.ensure_future(asyncio.sleep(1))
        while not closing.done():
            try:
                await asyncio.shield(closing)
            except asyncio.CancelledError:
                continue


async def test_a_stop_that_a_driver_shields_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    def end(_why: str) -> NoReturn:
        raise Ended

    monkeypatch.setattr(run, "_end_at_once", end)
    loop = asyncio.get_running_loop()
    began, runner = loop.time(), cast(web.AppRunner, Runner())
    with pytest.raises(Ended):
        await run._clean_up(runner, Settings(shutdown_seconds=0.05))
    assert loop.time() - began < 0.8
