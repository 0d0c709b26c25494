"""What an operator may have done to the log: here, or by the server that holds it.

Arguments and answers are plain JSON, because they cross the control socket.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from chatlog.eventlog.committer import Committer
from chatlog.eventlog.database import Database
from chatlog.eventlog.retention import Rule
from chatlog.service.control import Handler
from chatlog.service.erasing import Eraser
from chatlog.service.importer import Importer
from chatlog.service.retention import Retention


class Operations:
    """The operator's commands on one log."""

    def __init__(self, database: Database, committer: Committer) -> None:
        self.eraser = Eraser(database, committer)
        self.retention = Retention(database, committer, self.eraser)
        self.importer = Importer(database, committer)

    def handlers(self) -> dict[str, Handler]:
        """Return what carries out each command."""
        return {
            "redact": self._redact,
            "erase-user": self._erase_user,
            "retention": self._retention,
            "import-irc": self.importer.irc,
            "import-jsonl": self.importer.jsonl,
        }

    async def _redact(self, room: str, seqs: list[int], by: str, reason: str) -> dict[str, Any]:
        return asdict(await self.eraser.redact(room, seqs, by=by, reason=reason))

    async def _erase_user(self, username: str, by: str, reason: str) -> dict[str, Any]:
        return asdict(await self.eraser.erase_user(username, by=by, reason=reason))

    async def _retention(self, room: str, days: int | None, names: bool) -> dict[str, Any]:
        if days is None:
            await self.retention.set(room, None)
            return {"texts": 0, "names": []}
        rule = Rule(room, days, names)
        await self.retention.set(room, rule)
        return asdict(await self.retention.apply(rule))
