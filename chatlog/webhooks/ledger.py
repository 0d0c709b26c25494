"""Write what deliveries change, those of many rooms in one transaction.

While one transaction is being committed, the next changes gather. A change that has returned is
durable. If the outcome is unknown, whoever waited delivers once more.
"""

from __future__ import annotations

import asyncio

from chatlog.databases.database import Connection, Database
from chatlog.domain.errors import Unavailable
from chatlog.eventlog.append import Batch
from chatlog.eventlog.committing.committer import Committer
from chatlog.webhooks.store.progress import Change, all_of


class Ledger:
    """Writes through the committer, by the database's clock."""

    def __init__(self, database: Database, committer: Committer) -> None:
        self._database = database
        self._committer = committer
        self._turn = asyncio.Lock()
        self._waiting: list[tuple[Change, asyncio.Future[None]]] = []

    async def write(self, change: Change) -> None:
        """Make a change.

        Raises:
            ChatlogError: as ``Committer.alone``.
        """
        written = asyncio.get_running_loop().create_future()
        self._waiting.append((change, written))
        async with self._turn:
            if not written.done():
                await self._write_waiting()
        await written

    async def _write_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        change = all_of([change for change, _ in waiting])
        failure: Exception = Unavailable()  # if this task is cancelled meanwhile

        async def step(connection: Connection, _batch: Batch) -> None:
            await change(connection, await self._database.backend.now(connection))

        try:
            await self._committer.alone(step)
        except Exception as error:  # noqa: BLE001 - who waits for it must be told whatever it is
            failure = error
        else:
            for _, written in waiting:
                if not written.done():
                    written.set_result(None)
        finally:
            for _, written in waiting:
                if not written.done():
                    written.set_exception(failure)
                    written.exception()  # a lane that was cancelled does not ask
