"""Run a writing command here, or in the server that holds the database.

On SQLite only the holder of the lock file writes. If that is a server, the command is sent to it;
if that fails, the error names its process. On PostgreSQL the command is its own node.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatlog.bus.bell import Bell
from chatlog.databases.database import Database
from chatlog.databases.hold import DatabaseBusy
from chatlog.databases.opening import open_for_reading, open_for_writing
from chatlog.domain.rights import Role
from chatlog.eventlog.append import Node
from chatlog.eventlog.committing.committer import Committer
from chatlog.eventlog.committing.writer import Writer
from chatlog.eventlog.steps.erasing import find_people, roles_of
from chatlog.eventlog.steps.hooks import Hook, all_hooks
from chatlog.eventlog.steps.retention import Change, Rule, changes, rules
from chatlog.eventlog.steps.retention_default import default, default_changes
from chatlog.kinds.event import Recorded
from chatlog.nodes import leases
from chatlog.nodes.clock import now
from chatlog.operations import control_socket as control
from chatlog.operations.arguments import check_person, check_room, check_rule
from chatlog.operations.operations import Operations
from chatlog.operations.retention import Due, due, wanted
from chatlog.settings import Settings
from chatlog.webhooks.managing import listed
from chatlog.webhooks.sending import sender_of

DOUBT_SECONDS = 5.0


async def carry_out(
    url: str, command: str, arguments: Mapping[str, Any], settings: Settings | None = None
) -> dict[str, Any]:
    """Run one of ``operations`` and return its result.

    The settings count only where no server does it, which has its own.

    Raises:
        DatabaseBusy: if another process holds the database and does not answer.
        LogError, Refused: from the operation.
    """
    try:
        async with (
            open_for_writing(url, new=False) as database,
            _committing(database) as committer,
        ):
            sender = sender_of(settings or Settings())
            handlers = Operations(database, committer, sender).handlers()
            return await handlers[command](**arguments)
    except DatabaseBusy as busy:
        return await ask_holder(busy, command, arguments)


async def ask_holder(
    busy: DatabaseBusy, command: str, arguments: Mapping[str, Any]
) -> dict[str, Any]:
    """Make the process that holds the database run a command.

    Raises:
        DatabaseBusy: if it is not a server, or does not answer.
        LogError: from the operation.
    """
    socket = busy.holder.get("socket")
    if socket is None:
        raise busy
    try:
        return await control.ask(Path(socket), command, arguments)
    except OSError:
        raise busy from None


async def what_is_due(url: str, room: str | None, days: int, names: bool) -> Due:
    """Return what a retention rule, or without a room the default, would erase; reads only.

    Raises:
        Refused: if the rule is invalid or the room has no events.
    """
    check_rule(room, days, names)
    async with open_for_reading(url) as database:
        return await due(database, await wanted(database, room, days, names))


async def what_ends(url: str, name: str | None, subject: str | None) -> list[str]:
    """Return a sentence for each subject that erasing a person would erase: what ends with it.

    Reads only. A person who signs in without tokens is no subject.

    Raises:
        Refused: if the name or subject is invalid, or nobody has it.
    """
    check_person(name, subject)
    async with open_for_reading(url) as database, database.read() as connection:
        gone = await find_people(connection, name, subject)
        at = await now(database, connection)
        people = {user.subject.id: user.subject for user in gone if user.subject is not None}
        return [
            _what_ends(one.subject, await roles_of(connection, one, at)) for one in people.values()
        ]


def _what_ends(subject: str | None, roles: list[tuple[str, Role]]) -> str:
    listed = ", ".join(f"{role} in {room!r}" for room, role in roles)
    ends = f"its roles and bans end: {listed}." if roles else "it has no roles."
    return f"The tokens of the subject {subject!r} issued until now are revoked; {ends}"


async def hooks_listed(url: str) -> list[Hook]:
    """Return all hooks, by name; reads only."""
    async with open_for_reading(url) as database:
        return await all_hooks(database)


async def all_webhooks(url: str) -> list[dict[str, Any]]:
    """Return all webhooks and how they fare; reads only."""
    async with open_for_reading(url) as database, database.read() as connection:
        return await listed(connection)


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of some rooms, the default's last change if there is one, and changes asked for."""

    rules: list[Rule]
    default: Change | None
    changes: list[Change]


async def rule_of(url: str, room: str) -> Rules:
    """Return a room's retention rule, if it has one, and its changes; reads only.

    Raises:
        Refused: if the room has no events.
    """
    check_room(room)
    async with open_for_reading(url) as database, database.read() as connection:
        found = [rule for rule in await rules(connection) if rule.room == room]
        return Rules(found, await default(connection), await changes(connection, room))


async def all_rules(url: str) -> Rules:
    """Return all rules, and the default with its changes; reads only."""
    async with open_for_reading(url) as database, database.read() as connection:
        found = await rules(connection)
        return Rules(found, await default(connection), await default_changes(connection))


@contextlib.asynccontextmanager
async def _committing(database: Database) -> AsyncIterator[Committer]:
    """Run a temporary node that only appends and has no clients."""
    alone = database.backend.is_exclusive
    node = await leases.begin(database, leases.unique_name("command"), alone=alone)
    writer = Writer(database, node, doubt_seconds=DOUBT_SECONDS)
    async with _ringing(database, node) as tell:
        committer = Committer(
            writer,
            tell,
            lambda: None,
            max_batch=1_000,
            max_waiting=10_000,
            max_delay_ms=0,
        )
        task = asyncio.create_task(committer.run())
        try:
            yield committer
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            await leases.end(database, node)


@contextlib.asynccontextmanager
async def _ringing(
    database: Database, node: Node
) -> AsyncIterator[Callable[[list[Recorded]], None]]:
    """Lend what tells the servers of events; without it, they find them when they poll."""
    transport = database.backend.bell()
    if transport is None:
        yield lambda _events: None
        return
    bell = Bell(transport, lambda: node.number)
    task = asyncio.create_task(bell.send())
    try:
        yield bell.tell
        with contextlib.suppress(Exception):
            await bell.flush()
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):  # it may have failed before
            await task
        await bell.close()
