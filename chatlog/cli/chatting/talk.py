"""A conversation: what happens in the room is printed, what is typed is sent, in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import tzinfo
from typing import Final

from chatlog.cli.chatting.lines import Transcript, notice, present
from chatlog.client import ConnectionState, Room, Waiting
from chatlog.domain.errors import Refused

_MOST_WAITING: Final = 100
_LEAVE_SECONDS: Final = 5.0
_COMMANDS: Final = {"/who", "/help"}
HELP: Final = "/who: who is here. /leave: leave, as Ctrl-D and Ctrl-C do. //text: a message /text."

Show = Callable[[str], None]


class Talk:
    """One person in one room. ``unsent`` counts messages that are not known to be in the log.

    ``is_typed`` says that the lines are a person's, and not a program's.
    """

    def __init__(self, room: Room, show: Show, zone: tzinfo, *, is_typed: bool) -> None:
        self.unsent = 0
        self._room = room
        self._show = show
        self._is_typed = is_typed
        self._transcript = Transcript(zone)
        self._outgoing: asyncio.Queue[str] = asyncio.Queue(_MOST_WAITING)

    async def run(self, typed: AsyncGenerator[str, None], *, patience: float | None) -> None:
        """Talk until the lines end, ``/leave`` is one of them, or this person is removed.

        ``patience``: how many seconds what was typed last may take to be sent.

        Raises:
            Refused: this person was removed, or is no longer let in.
        """
        reading = asyncio.create_task(self._read())
        sending = asyncio.create_task(self._send())
        typing = asyncio.create_task(self._type(typed))
        try:
            await asyncio.wait({reading, typing, sending}, return_when=asyncio.FIRST_COMPLETED)
            if typing.done() and not reading.done():
                await typing
                await self._sent(patience)
        finally:
            typing.cancel()
            sending.cancel()
            await self._leave(reading)
            await asyncio.gather(typing, sending, return_exceptions=True)
        await reading

    async def _read(self) -> None:
        users = await self._room.users()
        is_announced = False
        async for event in self._room:
            for line in self._transcript.lines(event):
                self._show(line)
            if not is_announced and event.seq >= users.seq:
                is_announced = True
                self._show(present(users.users, users.count))
                self._show(notice(f"/help tells what else there is. This is {self._room.name}."))

    async def _type(self, typed: AsyncGenerator[str, None]) -> None:
        async with aclosing(typed):
            async for line in typed:
                if line.strip() == "/leave":
                    return
                if self._is_command(line):
                    await self._obey(line.strip())
                elif line.strip():
                    is_escaped = self._is_typed and line.startswith("//")
                    self.unsent += 1
                    await self._outgoing.put(line.removeprefix("/") if is_escaped else line)

    def _is_command(self, line: str) -> bool:
        """Return whether a line is no message; a program's may begin with ``/`` as they like."""
        if self._is_typed:
            return line.startswith("/") and not line.startswith("//")
        return line.strip() in _COMMANDS

    async def _obey(self, line: str) -> None:
        if line == "/who":
            users = await self._room.users()
            self._show(present(users.users, users.count))
        elif line == "/help":
            self._show(notice(HELP))
        else:
            self._show(notice(f"There is no command {line}. {HELP}"))

    async def _send(self) -> None:
        while True:
            message = await self._outgoing.get()
            try:
                await self._room.send(message)
                self.unsent -= 1
            except Refused as error:
                self._show(notice(f"Not sent: {message}"))
                self._show(notice(f"{error} ({error.code})"))
            finally:
                self._outgoing.task_done()

    async def _sent(self, patience: float | None) -> None:
        """Wait until what was typed is sent."""
        try:
            async with asyncio.timeout(patience):
                await self._outgoing.join()
        except TimeoutError:
            self._show(notice("The server has not taken all that you typed."))

    async def _leave(self, reading: asyncio.Task[None]) -> None:
        """Leave the room in the log as well, and print up to that."""
        try:
            async with asyncio.timeout(_LEAVE_SECONDS):
                await self._room.leave()
                await asyncio.wait({reading})
        except (TimeoutError, Refused):
            reading.cancel()


class Watch:
    """Tells of lost connections: once when it is lost, and once when there is another."""

    def __init__(self, show: Show) -> None:
        self._show = show
        self._is_lost = False
        self.is_quiet = True

    def __call__(self, state: ConnectionState) -> None:
        """Take a change of the connection."""
        is_lost = isinstance(state, Waiting)
        if is_lost != self._is_lost and not self.is_quiet:
            self._show(notice(_about(state)))
        self._is_lost = is_lost


def _about(state: ConnectionState) -> str:
    if isinstance(state, Waiting):
        return f"Disconnected. {state.reason} Trying again; what you type is sent then."
    return "Connected again. What you missed follows."
