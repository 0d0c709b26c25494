"""Bugs to plant: each is a way in which such servers are commonly wrong."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from chatlog.delivery.feed import Feed, Member
from chatlog.eventlog.append import Batch
from chatlog.eventlog.committing import outcomes
from chatlog.eventlog.committing.committer import Committer
from chatlog.projections.presence import Presence

Plant = Callable[[], Any]


@contextmanager
def broadcast_before_commit() -> Iterator[None]:
    """Events are delivered once they are written, whatever becomes of the commit."""
    committers: list[Committer] = []
    begin, write = Committer.__init__, Batch.write

    def known(self: Committer, *arguments: Any, **named: Any) -> None:
        begin(self, *arguments, **named)
        committers.append(self)

    async def eager(self: Batch, connection: Any) -> None:
        await write(self, connection)
        for committer in committers:
            if self.recorded:
                committer._deliver(list(self.recorded))

    with mock.patch.object(Committer, "__init__", known), mock.patch.object(Batch, "write", eager):
        yield


@contextmanager
def subscribed_after_reading_the_backlog() -> Iterator[None]:
    """A new member is shown the backlog first and put among the listeners a moment later."""
    admit = Feed.admit

    def late(self: Feed, member: Member) -> None:
        admit(self, member)
        if self.live.pop(member.session, None) is not None:
            asyncio.get_running_loop().call_later(
                0.01, self.live.__setitem__, member.session, member
            )

    with mock.patch.object(Feed, "admit", late):
        yield


@contextmanager
def no_deduplication() -> Iterator[None]:
    """Nobody looks whether an id was there before (and the database lets it pass)."""
    with mock.patch.object(Batch, "first_post", return_value=None):
        yield


@contextmanager
def a_commit_in_doubt_is_taken_for_failed() -> Iterator[None]:
    async def guess(*_: Any) -> bool:
        return False

    with mock.patch.object(outcomes, "_is_there", guess):
        yield


@contextmanager
def a_slow_reader_loses_what_does_not_fit() -> Iterator[None]:
    fall_behind = Feed._fall_behind

    def skip(self: Feed, member: Member) -> None:
        member.cursor = self.recent.head + 1
        fall_behind(self, member)

    with mock.patch.object(Feed, "_fall_behind", skip):
        yield


@contextmanager
def departures_are_not_folded() -> Iterator[None]:
    with mock.patch.object(Presence, "_depart"):
        yield


PLANTS: tuple[Plant, ...] = (
    broadcast_before_commit,
    subscribed_after_reading_the_backlog,
    no_deduplication,
    a_commit_in_doubt_is_taken_for_failed,
    a_slow_reader_loses_what_does_not_fit,
    departures_are_not_folded,
)


def let_ids_repeat(database: Path) -> None:
    """Take away what in the database itself refuses an id that was there before."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("DROP INDEX events_client_id")
        connection.execute("CREATE INDEX events_client_id ON events (client_id, user_id, room_id)")
        connection.execute("DROP TRIGGER events_in_order")
