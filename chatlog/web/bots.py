"""The demo's people: WebSocket clients of a server that send the texts.

Each has an ordinary connection. In every room one exchange follows another, and readers come,
open a second tab and go, as long as ``play`` runs.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
from collections.abc import Sequence

import aiohttp

from chatlog.operations.demo.texts import QUIET, Exchange, Line, RoomTexts

_FEWEST_READERS = 3
_MOST_READERS = 8
_MOST_TABS = 2


async def play(url: str, rooms: Sequence[RoomTexts], *, seed: int, speed: float) -> None:
    """Let people chat in the rooms of the server at ``url`` until cancelled.

    The seed determines their order; ``speed`` is a multiple of real time.
    """
    async with aiohttp.ClientSession() as http, asyncio.TaskGroup() as tasks:
        for texts in rooms:
            chances = random.Random(f"{seed} {texts.room}")
            room = _Room(http, tasks, f"{url}/ws", texts, chances, speed)
            tasks.create_task(room.talk(), name=f"talk in {texts.room}")
            tasks.create_task(room.visit(), name=f"visits to {texts.room}")


class _Room:
    """The people of one room, and the connections (tabs) that each has open."""

    def __init__(
        self,
        http: aiohttp.ClientSession,
        tasks: asyncio.TaskGroup,
        address: str,
        texts: RoomTexts,
        chances: random.Random,
        speed: float,
    ) -> None:
        self._http = http
        self._tasks = tasks
        self._address = address
        self._texts = texts
        self._chances = chances
        self._speed = speed
        self._tabs: dict[str, list[aiohttp.ClientWebSocketResponse]] = {}

    async def talk(self) -> None:
        """Play one exchange after the other, and start again at the end."""
        for exchange in itertools.cycle(self._texts.present):
            for line in exchange:
                await self._say(line)
            await self._pause(1.5, 5)
            await self._part(exchange)

    async def _say(self, line: Line) -> None:
        if line.name not in self._tabs:
            await self._come(line.name)
        await self._pause(0.8, 1.8 + len(line.message) * 0.04)
        if line.name in self._tabs:
            await _send(self._tabs[line.name][-1], type="chat", message=line.message)

    async def _part(self, exchange: Exchange) -> None:
        for name in {line.name: None for line in exchange}:
            if self._chances.random() < 0.3 and name in self._tabs:
                await self._go(name)

    async def visit(self) -> None:
        """Let readers visit: a few at once, then one comes or goes from time to time."""
        for name in self._chances.sample(QUIET, _FEWEST_READERS + 1):
            await self._come(name)
        while True:
            await self._pause(3, 9)
            await self._turn(self._chances.choice(QUIET))

    async def _turn(self, name: str) -> None:
        here = [name for name in QUIET if name in self._tabs]
        if name not in self._tabs and len(here) < _MOST_READERS:
            await self._come(name)
        elif len(here) > _FEWEST_READERS:
            other = self._chances.choice(here)
            is_tab = len(self._tabs[other]) < _MOST_TABS and self._chances.random() < 0.4
            await (self._come(other) if is_tab else self._go(other))

    async def _come(self, name: str) -> None:
        try:
            tab = await self._http.ws_connect(self._address)
        except aiohttp.ClientError:
            return  # the server takes nobody at this moment; others will come
        self._tabs.setdefault(name, []).append(tab)
        self._tasks.create_task(self._read(name, tab), name=f"{name} reads")
        await _send(tab, type="join", room=self._texts.room, username=name, backlog=0)

    async def _go(self, name: str) -> None:
        """Close the newest tab; half of the people send a leave first."""
        tab = self._tabs[name][-1]
        self._forget(name, tab)
        if self._chances.random() < 0.5:
            await _send(tab, type="leave")
        await tab.close()

    async def _read(self, name: str, tab: aiohttp.ClientWebSocketResponse) -> None:
        """Read until either side closes: the server disconnects clients that don't read."""
        async for _ in tab:
            pass
        self._forget(name, tab)

    def _forget(self, name: str, tab: aiohttp.ClientWebSocketResponse) -> None:
        left = [other for other in self._tabs.pop(name, []) if other is not tab]
        if left:
            self._tabs[name] = left

    async def _pause(self, least: float, most: float) -> None:
        await asyncio.sleep(self._chances.uniform(least, most) / self._speed)


async def _send(tab: aiohttp.ClientWebSocketResponse, **command: object) -> None:
    """Send a command, unless the server has closed the connection meanwhile."""
    with contextlib.suppress(aiohttp.ClientError, ConnectionError):
        await tab.send_json(command)
