"""Verify a room: recompute its chain from the stored rows.

This finds the first event of the room that is not what was written. A row may hold anything:
one that cannot be decoded is wrong, not an error. Beside a running server it covers the
events that were in the log when it read them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.audit.paging.room_rows import Shared
from chatlog.audit.verification.check_events import ChainCheck, Wrong
from chatlog.audit.verification.decoding import Decoder
from chatlog.audit.verification.plain_chats import PlainChats
from chatlog.audit.verification.restored_content import check_gone
from chatlog.audit.verification.room_states import BEGINNING, RoomState
from chatlog.audit.verification.sessions.refold import Refold
from chatlog.audit.verification.stored_rows import (
    BEFORE_ALL,
    Row,
    StoredRow,
    raise_if_away,
    read_rows,
)
from chatlog.databases.database import Database
from chatlog.databases.opening import why
from chatlog.domain.errors import Unavailable
from chatlog.eventlog import lookup
from chatlog.kinds.event import Recorded

_PAGE: Final = 1_000
_AT_ONCE: Final = 100
"""Events that are checked, a few ms long, before everybody else has a turn."""


@dataclass(frozen=True, slots=True)
class RoomVerdict:
    """The verdict on one room.

    ``head`` and ``hash`` (64 hexadecimal digits) are those of the last event that is right;
    ``wrong_seq`` is the first that is not, and ``why`` gives the reason in a clause. Events up
    to ``since`` were not read: a checkpoint vouches for them.
    """

    room: str
    head: int
    hash: str
    wrong_seq: int | None = None
    why: str | None = None
    since: int = 0

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return self.wrong_seq is None


async def verdict_of(check: RoomCheck, room: str) -> RoomVerdict:
    """Run a check and return its verdict; a check that is kept continues from its last head."""
    wrong: Wrong | None = None
    try:
        await check.run()
        check.chain.finish()
    except Wrong as error:
        wrong = error
    chain = check.chain
    found = (room, chain.head, chain.hash.hex())
    return RoomVerdict(*found) if wrong is None else RoomVerdict(*found, wrong.seq, wrong.why)


class RoomCheck:
    """A room's chain and sessions, read a page at a time, each in a snapshot of its own.

    It starts at the first event, or after the given state, and ends at ``last`` or the
    room's end.
    """

    def __init__(
        self,
        database: Database,
        room: int,
        begin: RoomState = BEGINNING,
        last: int | None = None,
        tell: Callable[[int], None] = lambda _events: None,
    ) -> None:
        self.chain = ChainCheck(begin)
        self._database = database
        self._room = room
        self._shared = Shared()
        self._refold = Refold(database.backend, room, begin)
        self._last = last
        self._tell = tell

    async def run(self) -> None:
        """Check the remaining events.

        Raises:
            Wrong: at the first event that is not what was written.
        """
        try:
            await self._run()
        except Wrong:
            raise
        except Exception as error:  # whatever rows that make no sense do to their reader
            cause = error.__cause__ if isinstance(error, Unavailable) else error
            assert isinstance(cause, Exception)
            raise_if_away(self._database.backend, cause)
            raise Wrong(self.chain.head + 1, f"it cannot be read ({why(cause)})") from error

    async def _run(self) -> None:
        async with self._database.read() as connection:
            secret = await lookup.name_secret(connection)
        while True:
            async with self._database.read() as connection:
                if not await self._page(connection, secret):
                    await self._finish(connection)
                    return

    def state(self) -> RoomState:
        """Return the present state of the check."""
        chain = self.chain
        place = (chain.head, chain.hash, chain.at, chain.position, chain.room_id)
        return RoomState(*place, self._refold.open)

    async def _page(self, connection: AsyncConnection, secret: bytes) -> bool:
        """Check the next page; return False at the end."""
        backend = self._database.backend
        rows = await read_rows(
            connection,
            backend,
            self._room,
            self.chain.head or BEFORE_ALL,
            self._shared,
            limit=_PAGE,
            last=self._last,
        )
        decoder = Decoder(secret, self._shared)
        plain = PlainChats(decoder, self._shared, self.chain)
        for begin in range(0, len(rows), _AT_ONCE):
            accepted = list(self._accept(rows[begin : begin + _AT_ONCE], decoder, plain))
            await check_gone(connection, self._room, accepted)
            await asyncio.sleep(0)  # a server has others to serve
        await self._refold.compare_closed(connection)
        self._tell(len(rows))
        return bool(rows)

    def _accept(
        self, rows: Iterable[Row], decoder: Decoder, plain: PlainChats
    ) -> Iterator[Recorded]:
        """Accept rows; yield the events other than plain chats."""
        for row in rows:
            if not plain.accept(row):
                yield self._decoded(StoredRow._make(row), decoder)

    def _decoded(self, row: StoredRow, decoder: Decoder) -> Recorded:
        before = self.chain.at
        proved = decoder.decoded(row, self.chain.head + 1)
        recorded = proved.recorded
        if recorded.position <= self.chain.position:
            raise Wrong(recorded.seq, "its position is not after the previous event's")
        self.chain.accept(proved)
        # An append renews its node's lease at the event's own time, unless the room is ahead.
        if before < recorded.at > self._shared.servers[row.node_id].seen_at:
            raise Wrong(recorded.seq, "its node was last seen before it")
        self._refold.apply(recorded)
        self.chain.position = recorded.position
        return recorded

    async def _finish(self, connection: AsyncConnection) -> None:
        """Check what can be judged only at the end, in the snapshot that showed the end."""
        head = self.chain.head
        if head < (self._last or 1):
            raise Wrong(head + 1, "it is missing")
        if self._last is None:
            await self._refold.compare_rest(connection, head)
        else:
            await self._refold.compare_count(connection, head, is_end=False)
