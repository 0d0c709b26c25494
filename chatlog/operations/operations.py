"""The operator's commands on the log, run here or by the server that holds it.

Arguments and results are plain JSON, because they cross the control socket. Arguments from every
source are validated here.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from chatlog.databases.database import Database
from chatlog.domain.names import Limits
from chatlog.eventlog.committing.committer import Committer
from chatlog.operations import arguments
from chatlog.operations.acts import logged
from chatlog.operations.control_socket import Handler
from chatlog.operations.erasing import Eraser
from chatlog.operations.hooking import Hooking
from chatlog.operations.retention import Due, Retention, due, wanted
from chatlog.operations.revoking import Revoker
from chatlog.operations.server_imports import ServerImports
from chatlog.settings import Settings
from chatlog.webhooks.managing import Webhooks
from chatlog.webhooks.sending import Sender


class Operations:
    """The operator's commands on one log.

    ``has_people`` says whether people prove who they are at the server; None where there is none.
    ``sender`` posts to webhooks.
    """

    def __init__(
        self,
        database: Database,
        committer: Committer,
        sender: Sender,
        *,
        limits: Limits | None = None,
        has_people: bool | None = None,
    ) -> None:
        self._database = database
        self.eraser = Eraser(database, committer)
        self.retention = Retention(database, committer, self.eraser)
        self.imports = ServerImports(database, committer, is_open=has_people is False)
        self.revoker = Revoker(committer)
        self.hooking = Hooking(
            database, committer, limits or arguments.limits_of(Settings()), has_people
        )
        self.webhooks = Webhooks(database, committer, sender)

    def handlers(self) -> dict[str, Handler]:
        """Return the handler of each command; the log says when it is carried out."""
        handlers: dict[str, Handler] = {
            "redact": self._redact,
            "erase-user": self._erase_user,
            "retention": self._retention,
            "revoke": self._revoke,
            "hook-create": self.hooking.create,
            "hook-remove": self.hooking.remove,
            "import-history": self.imports.history,
            "import-jsonl": self.imports.jsonl,
            "webhook-add": self.webhooks.add,
            "webhook-remove": self.webhooks.remove,
            "webhook-rotate": self.webhooks.rotate,
            "webhook-retry": self.webhooks.retry,
            "webhook-test": self.webhooks.test,
        }
        return logged(handlers)

    async def _redact(self, room: str, seqs: list[int], by: str, reason: str) -> dict[str, Any]:
        arguments.check_room(room)
        arguments.check_seqs(seqs)
        arguments.check_by(by)
        arguments.check_reason(reason)
        return asdict(await self.eraser.redact(room, seqs, by=by, reason=reason))

    async def _erase_user(
        self, username: str | None, by: str, reason: str, sub: str | None = None
    ) -> dict[str, Any]:
        arguments.check_person(username, sub)
        arguments.check_by(by)
        arguments.check_reason(reason)
        return asdict(await self.eraser.erase_user(username, by=by, reason=reason, subject=sub))

    async def _revoke(self, sub: str | None, jti: str | None) -> dict[str, Any]:
        arguments.check_revocation(sub, jti)
        return {"issued_until": await self.revoker.revoke(subject=sub, token_id=jti)}

    async def _retention(
        self, room: str | None, days: int | None, names: bool, by: str
    ) -> dict[str, Any]:
        arguments.check_rule(room, days, names)
        arguments.check_by(by)
        if days is None:
            await self.retention.set(room, None, False, by=by)
            return asdict(Due(0, 0)) | {"remains": ""}
        rules = await wanted(self._database, room, days, names)
        await due(self._database, rules)  # a rule that cannot be carried out is not kept
        await self.retention.set(room, days, names, by=by)
        done = [await self.retention.apply(rule) for rule in rules]
        amounts = Due(sum(one.texts for one in done), sum(one.people for one in done))
        return asdict(amounts) | {"remains": await self.eraser.scrub()}
