"""One room, as its member reads and writes it.

``async for event in room`` hands out each event once, in order, over lost connections and however
slow the reader is. ``send`` returns when the log has the message, and sends it again under the same
id until it is known whether it has.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final, NamedTuple

from chatlog.client.errors import Unreachable
from chatlog.client.frames import Ack, EventFrame, HistoryFrame, PresenceFrame, UsersFrame
from chatlog.client.ids import new_id
from chatlog.client.inbox import Mark, Reset
from chatlog.client.link import Link, settled
from chatlog.client.membership import Left, Membership
from chatlog.client.reading import events_in
from chatlog.domain.errors import Refused

PAGE_EVENTS: Final = 100
"""How many events to read at once: with the longest messages they still fit a frame."""


class Page(NamedTuple):
    """Events of the past, oldest first, and whether there are others before and after them."""

    events: tuple[EventFrame, ...]
    more_before: bool
    more_after: bool


class Room:
    """A room that this client is in; ``Chat.join`` returns it."""

    def __init__(self, membership: Membership, link: Link) -> None:
        self.name = membership.name
        self._membership = membership
        self._link = link
        self._cursor = membership.inbox.head
        self._turn = asyncio.Lock()

    @property
    def seq(self) -> int:
        """The seq of the last event handed out, or after which reading began; 0 before any."""
        return 0 if self._cursor is None else self._cursor.seq

    @property
    def hash(self) -> str | None:
        """The hash of that event. Keep both: a later ``join`` continues there."""
        return None if self._cursor is None else self._cursor.hash

    @property
    def present(self) -> tuple[str, ...]:
        """The names of those present when this client joined last, at most 1,000.

        Later arrivals and departures do not change it: they come as events. A digest names who
        arrived and departed in ``joined`` and ``left``, and its ``count`` is the number of users
        present after it; ``users`` asks for the names of now.
        """
        return self._membership.present

    def __aiter__(self) -> Room:
        return self

    async def __anext__(self) -> EventFrame | PresenceFrame | Reset:
        """Return the next event; there is none after the one that says that this client left.

        Raises:
            Refused: this client was removed, or the server does not let it in again.
        """
        while True:
            self._membership.news.clear()
            event = self._membership.inbox.take()
            if event is None:
                await self._more()
            elif event.type == "reset":
                self._cursor = None
                return event
            else:
                self._cursor = Mark(event.seq, event.hash)
                if event.type != "unknown":
                    return event

    async def _more(self) -> None:
        """Wait until there may be another event."""
        error = self._membership.live.error
        if isinstance(error, Left):
            raise StopAsyncIteration
        if error is not None:
            raise error.with_traceback(None)
        if self._membership.inbox.lags:
            await self._read_on()
        else:
            await self._membership.news.wait()

    async def _read_on(self) -> None:
        """Fill the inbox from the server's log: this reader was slower than the room."""
        inbox = self._membership.inbox
        after = inbox.last
        page = await self._page({"after": after, "limit": PAGE_EVENTS})
        if after == inbox.last:  # else the log became another one meanwhile
            inbox.fill(events_in(page))

    async def send(self, message: str, *, id: str | None = None) -> Ack:
        """Post a message; return its ``ack`` (``seq``, ``hash``) once the log has it.

        ``id``: one that this user never uses in this room for another text. The same message sent
        again under it, by a later program too, is appended once.

        Raises:
            Refused: it is not in the log and never will be.
        """
        chat = {"type": "chat", "room": self.name, "message": message}
        id = new_id() if id is None else id
        membership = self._membership
        async with self._turn:  # so that none overtakes another
            return await settled(
                self._link,
                Ack,
                chat,
                gate=membership.live,
                id=id,
                not_joined=membership.enter_again,
            )

    async def leave(self) -> None:
        """Leave the room. Reading ends after the event that says so."""
        if self._membership.live.error is not None:
            return
        try:
            answer = await self._link.request({"type": "leave", "room": self.name})
        except Unreachable:  # the session has ended with the connection
            self._membership.end(Left())
        except Refused as error:
            if error.code != "not_joined":
                raise
            self._membership.end(Left())
        else:
            assert isinstance(answer, Ack)
            self._membership.left(answer.seq)

    async def users(self) -> UsersFrame:
        """Return who is present now."""
        command = {"type": "users", "room": self.name}
        return await settled(self._link, UsersFrame, command, gate=self._link.signed_in)

    async def history(
        self,
        *,
        before: int | None = None,
        after: int | None = None,
        around: int | None = None,
        limit: int = 50,
        types: Sequence[str] | None = None,
    ) -> Page:
        """Return a page of the past: the newest, unless it is before, after or around a seq."""
        place = {"before": before, "after": after, "around": around, "types": types}
        page = await self._page({"limit": limit, **place})
        events = tuple(event for event in events_in(page) if event.type != "unknown")
        return Page(events, page.more_before, page.more_after)

    async def _page(self, place: dict[str, object]) -> HistoryFrame:
        given = {name: value for name, value in place.items() if value is not None}
        command = {"type": "history", "room": self.name, **given}
        return await settled(self._link, HistoryFrame, command, gate=self._link.signed_in)
