"""Run ``chatlog`` so that every second ring of its bell is lost: ``python -m`` this module."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle

from chatlog.bus.bell import Bell
from chatlog.databases.bell import Transport


class Forgetful:
    """Carries every second text that is sent, and every second one that comes."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._sent, self._heard = cycle((True, False)), cycle((True, False))
        self.max_bytes = transport.max_bytes

    async def listen(self, heard: Callable[[str], None], is_up: Callable[[bool], None]) -> None:
        def perhaps(text: str) -> None:
            if next(self._heard):
                heard(text)

        await self._transport.listen(perhaps, is_up)

    async def send(self, text: str) -> None:
        if next(self._sent):
            await self._transport.send(text)

    async def close(self) -> None:
        await self._transport.close()


class ForgetfulBell(Bell):
    """A node's bell over such a transport."""

    def __init__(self, transport: Transport, node: Callable[[], int]) -> None:
        super().__init__(Forgetful(transport), node)


if __name__ == "__main__":
    from chatlog.cli import main
    from chatlog.runtime import building

    vars(building)["Bell"] = ForgetfulBell
    main(prog_name="chatlog")
