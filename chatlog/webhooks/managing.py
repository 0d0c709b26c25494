"""Add, list, change and try webhooks, for the shell, the control socket and the HTTP API.

Arguments and results are plain JSON. A secret is in the results of adding and rotating, and in
nothing else.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from chatlog.databases.database import Connection, Database
from chatlog.domain.errors import Refused
from chatlog.domain.names import check_stored_room
from chatlog.eventlog.committing.committer import Committer
from chatlog.kinds.registry import EVENT_TYPES, check_types
from chatlog.nodes.clock import now
from chatlog.webhooks.addresses import check_address
from chatlog.webhooks.attempt import deliver_test
from chatlog.webhooks.sending import Sender
from chatlog.webhooks.signing import key_in, new_key, secret_of
from chatlog.webhooks.store import management
from chatlog.webhooks.store.overview import Overview, overviews
from chatlog.webhooks.store.webhooks import webhook_of

_ID_BYTES = 8


class Webhooks:
    """The webhooks of a log; ``changed`` is called after each change."""

    def __init__(
        self,
        database: Database,
        committer: Committer,
        sender: Sender,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._committer = committer
        self._sender = sender
        self.changed = changed

    async def add(
        self,
        url: str,
        rooms: list[str] | None = None,
        types: list[str] | None = None,
        secret: str | None = None,
    ) -> dict[str, Any]:
        """Add a webhook that begins at the log's end; return its id and its secret.

        Raises:
            Refused: ``bad_command``.
        """
        _check_names(rooms, types)
        key = new_key() if secret is None else key_in(secret)
        await check_address(url, self._sender.rules)
        id = secrets.token_hex(_ID_BYTES)
        await self._committer.alone(management.add(id, url, key, rooms, types))
        self.changed()
        return {"id": id, "secret": secret_of(key)}

    async def list(self) -> list[dict[str, Any]]:
        """Return all webhooks and how they fare."""
        async with self._database.read() as connection:
            return await listed(connection)

    async def remove(self, id: str) -> dict[str, Any]:
        """Remove a webhook. Raises ``webhook_unknown``."""
        await self._committer.alone(management.remove(_text(id)))
        self.changed()
        return {"id": id}

    async def rotate(self, id: str) -> dict[str, Any]:
        """Give a webhook a new secret; both sign for 24 h. Raises ``webhook_unknown``."""
        key = new_key()
        await self._committer.alone(management.rotate(_text(id), key))
        self.changed()
        return {"id": id, "secret": secret_of(key)}

    async def retry(self, id: str) -> dict[str, Any]:
        """Try at once what waits, and enable the webhook. Raises ``webhook_unknown``."""
        rooms = await self._committer.alone(management.retry(_text(id)))
        self.changed()
        return {"id": id, "rooms": rooms}

    async def test(self, id: str) -> dict[str, Any]:
        """Post a test message to a webhook and return the answer. Raises ``webhook_unknown``."""
        async with self._database.read() as connection:
            webhook = await webhook_of(connection, _text(id))
            present = await now(self._database, connection)
        if webhook is None:
            raise management.unknown()
        answer = await deliver_test(self._sender, webhook, present)
        return {
            "id": id,
            "ok": answer.is_success,
            "status": answer.status,
            "error": answer.why or None,
        }


async def listed(connection: Connection) -> list[dict[str, Any]]:
    """Return all webhooks and how they fare."""
    return [_listed(one) for one in await overviews(connection)]


def _listed(one: Overview) -> dict[str, Any]:
    webhook = one.webhook
    answer = None
    if one.answered_at is not None:
        answer = {"at": one.answered_at, "answer": one.answer}
    return {
        "id": webhook.id,
        "url": webhook.url,
        "rooms": None if webhook.rooms is None else [*webhook.rooms],
        "types": None if webhook.types == EVENT_TYPES else [*webhook.types],
        "created_at": webhook.created_at,
        "state": one.state,
        "behind": one.behind,
        "failing_rooms": one.failing_rooms,
        "last_answer": answer,
        "next_try": one.next_at,
    }


def _check_names(rooms: object, types: object) -> None:
    for what, names in (("rooms", rooms), ("types", types)):
        if names is None:
            continue
        if not isinstance(names, list) or not names:
            raise Refused("bad_command", f"Give at least one of {what}, or leave them out for all.")
        if not all(isinstance(name, str) for name in names):
            raise Refused("bad_command", f"The {what} must be a list of texts.")
    for room in rooms if isinstance(rooms, list) else ():
        check_stored_room(room)
    check_types(types if isinstance(types, list) else ())


def _text(id: object) -> str:
    if not isinstance(id, str):
        raise Refused("bad_command", "The id must be text.")
    return id
