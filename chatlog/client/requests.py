"""Commands under way: each has an id, and gets an answer, a refusal, or the loss of the connection.

The id of a chat is its caller's and is one room's; while one is under way, a second command of the
same id waits.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from typing import Final

import msgspec

from chatlog.client.errors import Unreachable, refusal
from chatlog.client.frames import Answer, AuthExpiring
from chatlog.client.link import Command
from chatlog.client.reading import Frame
from chatlog.domain.errors import Refused

_LOST: Final = "The connection was lost before the answer."
_SILENT: Final = "The server did not answer in time."


class Requests:
    """Sends commands by ``send``, which raises ``Unreachable`` without a connection."""

    def __init__(self, send: Callable[[str], None]) -> None:
        self._send = send
        self._waiting: dict[str, asyncio.Future[Answer]] = {}
        self._bytes: dict[str, int] = {}
        self._numbers = itertools.count(1)
        self._heard = 0

    async def ask(
        self, command: Command, seconds: float, id: str | None = None, *, is_long: bool = False
    ) -> Answer:
        """Send a command and return its answer.

        ``is_long``: other frames come before the answer, and the time runs from the last of them.

        Raises:
            Refused: the server refused it, or its outcome is unknown.
            Unreachable: the connection was lost, or no answer came in time.
        """
        id = f"q-{next(self._numbers)}" if id is None else id
        while id in self._waiting:
            await asyncio.wait([self._waiting[id]])
        text = msgspec.json.encode({**command, "id": id})
        self._send(text.decode())
        future = self._waiting[id] = asyncio.get_running_loop().create_future()
        self._bytes[id] = len(text)
        try:
            answer = await self._answer(future, seconds, is_long=is_long)
        finally:
            del self._waiting[id], self._bytes[id]
        if answer.type == "error":
            raise refusal(answer)
        return answer

    async def _answer(
        self, future: asyncio.Future[Answer], seconds: float, *, is_long: bool
    ) -> Answer:
        while True:
            heard = self._heard
            done, _ = await asyncio.wait([future], timeout=seconds)
            if done:
                return future.result()
            if not is_long or heard == self._heard:
                raise Unreachable(_SILENT)

    def heard(self) -> None:
        """Note that a frame has come."""
        self._heard += 1

    def answer(self, frame: Frame) -> bool:
        """Hand an answer to who asked; False if nobody did."""
        if not isinstance(frame, Answer) or isinstance(frame, AuthExpiring) or frame.id is None:
            return False
        future = self._waiting.get(frame.id)
        if future is None or future.done():
            return False
        future.set_result(frame)
        return True

    def refuse_largest(self) -> None:
        """Tell whose command was the largest that it was too large for the server."""
        if self._bytes:
            id = max(self._bytes, key=self._bytes.__getitem__)
            error = Refused("message_too_long", "The server takes no command as large as this one.")
            self._fail(self._waiting[id], error)

    def lost(self) -> None:
        """Tell all who wait that the connection is gone."""
        for future in self._waiting.values():
            self._fail(future, Unreachable(_LOST))

    def _fail(self, future: asyncio.Future[Answer], error: Exception) -> None:
        if not future.done():
            future.set_exception(error)
            future.exception()  # who asked may have been cancelled
