"""A gate: those who need a connection, or a room, wait at it; a lasting refusal goes to all."""

from __future__ import annotations

import asyncio


class Gate:
    """Shut at first."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self.error: BaseException | None = None
        """Why nobody will ever pass again."""

    @property
    def is_open(self) -> bool:
        """Whether one passes without waiting."""
        return self.error is None and self._event.is_set()

    def open(self) -> None:
        """Let pass who waits, and who comes."""
        if self.error is None:
            self._event.set()

    def shut(self) -> None:
        """Let nobody pass for now."""
        if self.error is None:
            self._event.clear()

    def fail(self, error: BaseException) -> None:
        """Raise this for all who wait and all who come; the first error stays."""
        if self.error is None:
            self.error = error
            self._event.set()

    async def passed(self) -> None:
        """Wait until the gate is open.

        Raises:
            BaseException: what ``fail`` was told.
        """
        await self._event.wait()
        if self.error is not None:
            raise self.error.with_traceback(None)
