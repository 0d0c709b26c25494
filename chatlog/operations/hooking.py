"""Making and removing hooks on behalf of an operator."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any, Final

from chatlog.databases.database import Database
from chatlog.domain.identity import Identity, check_subject, hook_subject
from chatlog.domain.names import Limits, check_room, check_stored_room, check_username
from chatlog.eventlog.committing.committer import Committer
from chatlog.eventlog.read import room_number
from chatlog.eventlog.steps.hooks import Hook, add_hook, hook_at, identity_of_hook, remove_hook
from chatlog.operations.arguments import check_by, text_of

_TOKEN_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Hooking:
    """Makes hooks through a committer; every node finds them in the log's table at once.

    ``has_people`` says whether people prove who they are; None leaves it to the log.
    """

    database: Database
    committer: Committer
    limits: Limits
    has_people: bool | None

    async def create(self, room: str, name: str, by: str) -> dict[str, Any]:
        """Make a hook; return its token, which nobody can read again.

        Raises:
            Refused: as ``add_hook``, or if a name is invalid.
        """
        check_by(by)
        check_username(text_of("--name", name), self.limits)
        check_subject(hook_subject(name))
        check = check_stored_room if self.has_people else check_room
        check(text_of("The room", room), self.limits)
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        step = add_hook(name, room, token, by=by, has_people=self.has_people)
        await self.committer.alone(step)
        return {"token": token}

    async def remove(self, which: str) -> dict[str, Any]:
        """Remove a hook, by name or id; what it posted stays.

        Raises:
            Refused: if there is none.
        """
        hook = await self.committer.alone(remove_hook(text_of("The name", which)))
        return {"name": hook.name, "room": hook.room}

    async def at(self, token: str) -> Hook | None:
        """Return the hook with this token."""
        return await hook_at(self.database, token)

    async def has_room(self, hook: Hook) -> bool:
        """Return whether the hook's room exists."""
        async with self.database.read() as connection:
            return await room_number(connection, hook.room) is not None

    def author_of(self, hook: Hook) -> Identity | None:
        """Return who posts through a hook; None in open mode, where its name is a claim."""
        return identity_of_hook(hook) if self.has_people else None
