"""Runs a node between opening its database and ending its lease."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from chatlog.chat.open_mode import check_open
from chatlog.databases.database import Database
from chatlog.databases.opening import open_for_writing, open_past
from chatlog.eventlog.append import Node
from chatlog.nodes import leases, naming
from chatlog.operations import control_socket as control
from chatlog.operations.arguments import limits_of
from chatlog.runtime.node import Runtime
from chatlog.runtime.tasks import task_group
from chatlog.settings import Settings
from chatlog.token_mode import enter


@contextlib.asynccontextmanager
async def running(settings: Settings, *, has_hook: bool = False) -> AsyncIterator[Runtime]:
    """Run a node until the block is left; then stop it gracefully.

    With a hook that says who people are, it runs in token mode whatever the settings say.

    Raises:
        LogError: if the database is in use, belongs to another program or has a newer revision,
            if another server has the given name, or if a standby's URL cannot be used.
    """
    with control.place() as place:
        opening = open_for_writing(
            settings.database, share=settings.migrate, readers=settings.readers, about=place.choose
        )
        async with (
            opening as database,
            open_past(database, settings.read_database, readers=settings.readers) as past,
            _node(settings, database, past, place, has_hook) as runtime,
        ):
            yield runtime


@contextlib.asynccontextmanager
async def _node(
    settings: Settings, database: Database, past: Database, place: control.Place, has_hook: bool
) -> AsyncIterator[Runtime]:
    alone = database.backend.is_exclusive
    live: list[Runtime] = []
    token_mode = await enter(
        settings,
        database,
        limits_of(settings),
        lambda: _end_revoked(live),
        has_hook=has_hook,
    )
    node = await naming.begin(
        database,
        settings.node or naming.default_name(),
        alone=alone,
        lease_seconds=settings.lease_seconds,
    )
    try:
        async with task_group() as tasks:
            runtime = Runtime(settings, database, node, tasks, token_mode, past=past)
            live.append(runtime)
            await runtime.tail.start()
            await leases.report(database, node, runtime.tail.position)  # before it shows anything
            if token_mode is None:  # again: the tail does not meet what came in since
                await check_open(database)
            await runtime.clock.look(database)
            runtime.start()
            try:
                async with _controlled(place.path if alone else None, runtime):
                    yield runtime
            finally:
                await runtime.stop()
                runtime.committer.close()
    finally:
        await _end(settings, database, live, node)


async def _end(settings: Settings, database: Database, live: list[Runtime], node: Node) -> None:
    """Close the bell and end the lease, also that of a server that could not start."""
    for runtime in live:
        node = runtime.writer.node
        if runtime.bell is not None:
            await runtime.bell.close()
    with contextlib.suppress(Exception):  # if the database is away, the lease runs out
        async with asyncio.timeout(settings.shutdown_seconds / 4):
            await leases.end(database, node)


@contextlib.asynccontextmanager
async def _controlled(socket: Path | None, runtime: Runtime) -> AsyncIterator[None]:
    if socket is None:
        yield
        return
    async with control.listening(socket, runtime.operations.handlers(), runtime.refusals):
        yield


def _end_revoked(live: list[Runtime]) -> None:
    for runtime in live:
        runtime.end_revoked()
