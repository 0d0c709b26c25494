"""Access: how a node's people prove who they are, and what it allows them."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from chatlog.chat.people.buckets import Buckets, Counts
from chatlog.domain.errors import OutcomeUnknown, RateLimited, Refused
from chatlog.domain.identity import Identity
from chatlog.domain.names import Limits, as_username, is_new_room
from chatlog.eventlog.committing.committer import Told
from chatlog.kinds.event import Recorded


@dataclass(frozen=True, slots=True)
class Access:
    """Token mode. A node without it (``None``) is in open mode: every name is a claim.

    ``verify`` returns the identity that a token proves, or raises ``Refused``; ``present_name``
    returns the username of an identity whose token has none.
    """

    verify: Callable[[str], Awaitable[Identity]]
    is_revoked: Callable[[Identity], bool]
    present_name: Callable[[Identity], Awaitable[str]]
    auth_seconds: float
    everyone_creates: bool
    limits: Limits
    created: Buckets
    connections: Counts

    async def check(self, token: str) -> Identity:
        """Return the identity that a token proves.

        Raises:
            Refused: ``token_invalid``.
        """
        identity = await self.verify(token)
        if self.is_revoked(identity):
            raise Refused("token_invalid", "The token has been revoked.")
        return identity

    async def name_of(self, identity: Identity) -> str:
        """Return the username that counts for an identity now."""
        return await self.present_name(identity) if identity.name is None else identity.name

    async def check_name(self, identity: Identity) -> str:
        """Return the username that counts for somebody who is about to do something.

        Raises:
            Refused: ``token_invalid``, if the token has no name and its subject cannot be one.
        """
        name = await self.name_of(identity)
        return as_username(name, self.limits) if identity.name is None else name

    def may_create(self, identity: Identity, room: str) -> bool:
        """Return whether the person may make a room of this name by using it."""
        if not (self.everyone_creates or identity.is_admin):
            return False
        return is_new_room(room, self.limits)

    def check_creation(self, identity: Identity) -> None:
        """Refuse to create a room.

        Raises:
            Refused: ``forbidden``.
        """
        if not (self.everyone_creates or identity.is_admin):
            raise Refused("forbidden", "Only an admin creates rooms here.")

    @contextmanager
    def counting_creation(self, identity: Identity) -> Iterator[Callable[[Told], None]]:
        """Count a room that a person creates in the block, which passes on the outcome.

        It counts from the start, so that many at once are not too many; a room that was not made
        then does not. One that may have been made does.

        Raises:
            RateLimited: if that is one too many.
        """
        wait = self.created.take(identity.subject)
        if wait:
            raise RateLimited("You have created too many rooms.", math.ceil(wait))
        was_made = True

        def note(told: Told) -> None:
            nonlocal was_made
            was_made = isinstance(told, Recorded | OutcomeUnknown)

        try:
            yield note
        except Refused:
            was_made = False
            raise
        finally:
            if not was_made:
                self.created.give_back(identity.subject)


def check_takes_part(identity: Identity) -> None:
    """Refuse those who only look on.

    Raises:
        Refused: ``forbidden``.
    """
    if identity.is_audit and not identity.is_admin:
        raise Refused("forbidden", "A token with the scope `audit` reads, and takes no part.")
