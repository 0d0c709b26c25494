"""Token mode: the keys, revocations and rights by which one node knows who its clients are."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from chatlog.chat.open_mode import check_open
from chatlog.chat.people.access import Access
from chatlog.chat.people.buckets import Buckets, Counts
from chatlog.chat.rooms import Rooms
from chatlog.databases.database import Database
from chatlog.domain.errors import OutcomeUnknown, Refused, RoomUnknown
from chatlog.domain.identity import Identity
from chatlog.domain.names import Limits
from chatlog.domain.times import text
from chatlog.eventlog import lookup
from chatlog.eventlog.committing.committer import Committer
from chatlog.eventlog.present_names import present_name
from chatlog.eventlog.steps.looks import What, look
from chatlog.eventlog.steps.redacting import redact_as
from chatlog.eventlog.steps.revocations import revocations_since
from chatlog.kinds.erasure import Redact
from chatlog.kinds.event import Recorded
from chatlog.kinds.member import Grant
from chatlog.operations.erasing import PATIENCE_SECONDS, Eraser
from chatlog.readers.askers import Person
from chatlog.readers.door import Clerk
from chatlog.settings import Settings
from chatlog.tokens.claims import Rules
from chatlog.tokens.keys import Keys, load_keys
from chatlog.tokens.revoked import Revoked
from chatlog.tokens.verify import Tokens

_HOUR_SECONDS = 3_600
_EXPIRY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class TokenMode:
    """What a node in token mode has beside the others. ``keys`` is None if a hook identifies."""

    access: Access
    revoked: Revoked
    keys: Keys | None

    @property
    def is_ready(self) -> bool:
        """Whether people can sign in."""
        return self.keys is None or self.keys.is_ready


async def enter(
    settings: Settings,
    database: Database,
    limits: Limits,
    on_revoked: Callable[[], None],
    *,
    has_hook: bool,
) -> TokenMode | None:
    """Return the token mode of a node that has it; None in open mode.

    Raises:
        LogError: if there is no key; or in open mode, if the log has rights that it would ignore.
    """
    if settings.auth == "open" and not has_hook:
        await check_open(database)
        return None
    keys = None if has_hook else await asyncio.to_thread(load_keys, settings)
    async with database.read() as connection:
        secret = await lookup.name_secret(connection)
    revoked = Revoked(lambda number: revocations_since(database, number), secret, on_new=on_revoked)
    await revoked.refresh()
    access = Access(
        _refuse if keys is None else _verifier(settings, keys, limits),
        revoked.is_revoked,
        lambda identity: present_name(database, identity),
        settings.auth_seconds,
        settings.create_rooms == "everyone",
        limits,
        Buckets(
            settings.max_rooms_created_per_hour / _HOUR_SECONDS,
            settings.max_rooms_created_per_hour,
        ),
        Counts(settings.max_connections_per_user),
    )
    return TokenMode(access, revoked, keys)


def _verifier(
    settings: Settings, keys: Keys, limits: Limits
) -> Callable[[str], Awaitable[Identity]]:
    rules = Rules(settings.token_audience, settings.token_issuer, settings.max_token_bytes, limits)
    return Tokens(keys, rules).verify


async def _refuse(_token: str) -> Identity:
    raise Refused("token_invalid", "This server takes no tokens: its own pages sign you in.")


def now() -> str:
    """Return the time of this machine's clock."""
    return text(datetime.now(UTC))


def clerk_of(committer: Committer) -> Clerk:
    """Return what the readers' door needs of a node's writer."""

    async def grant(person: Person, room: str) -> None:
        with contextlib.suppress(RoomUnknown):
            await committer.append(Grant(room, person.identity, via=person.via))

    async def record(identity: Identity, what: What, room: str | None, seq: int | None) -> None:
        await committer.alone(look(identity, what, room, seq))

    return Clerk(now, grant, record)


def redacting(
    committer: Committer, eraser: Eraser, *, redact_own: bool
) -> Callable[[Identity, Redact, str | None], Awaitable[Recorded]]:
    """Return what erases texts, topics or reasons for a person, and returns the last erasure.

    It raises ``Refused`` if the person may not, or there is nothing to erase.
    """

    async def redact(identity: Identity, order: Redact, via: str | None) -> Recorded:
        given = (identity, order.room, order.of, order.reason)
        step = redact_as(*given, redact_own=redact_own, via=via)
        erasures = await committer.alone(step)
        # The person's connection waits meanwhile, so it does not wait for a server that hangs.
        await eraser.finish(erasures, within=PATIENCE_SECONDS)
        return erasures[-1]

    return redact


async def end_expired(rooms: Rooms, committer: Committer) -> None:
    """End the sessions of those whose roles have run out, until cancelled."""
    while True:
        await asyncio.sleep(_EXPIRY_SECONDS)
        for expel in rooms.expired(now()):
            with contextlib.suppress(Refused, OutcomeUnknown):  # looked for again
                await committer.append(expel)
