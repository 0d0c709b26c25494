"""One client's connection: its name, its rooms, and what becomes of its commands.

``handle`` takes a frame's text and returns when the next one may be read: a chat is put
in line and answered from the committer; a join or a leave is waited for, so that what
follows it finds it done. Promises: every command gets its answer or the connection is
closed; bad input harms nothing; a closed connection leaves its rooms.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from chatlog.delivery.outlet import Outlet, drained
from chatlog.domain import commands, names
from chatlog.domain.decide import FirstPost
from chatlog.domain.errors import OutcomeUnknown, Refused
from chatlog.domain.events import Cause, Recorded
from chatlog.domain.names import Limits
from chatlog.eventlog.committer import Committer, Told
from chatlog.eventlog.pages import PageRequest
from chatlog.service.allowance import Allowance, Tally
from chatlog.service.departures import Departures
from chatlog.service.history import History
from chatlog.service.live import Joiner
from chatlog.service.rooms import Rooms
from chatlog.service.users import Users
from chatlog.wire import commands as wire
from chatlog.wire.answers import (
    Ack,
    Answer,
    Error,
    HistoryFrame,
    Pong,
    encode_answer,
    encode_events,
)
from chatlog.wire.frames import GOING_AWAY, TOO_MANY_ERRORS, TOO_SLOW, text_frame


@dataclass(frozen=True, slots=True)
class Parts:
    """What a connection works with; one set for all connections of a node."""

    committer: Committer
    rooms: Rooms
    departures: Departures
    history: History
    users: Users
    limits: Limits
    refusals: dict[str, int]
    max_in_flight: int
    max_bad_commands_per_minute: int
    max_chats_per_second: float
    max_buffer_bytes: int
    slow_seconds: float


class Connection:
    """The state of one client."""

    __slots__ = (
        "_allowance",
        "_bad",
        "_closed",
        "_in_flight",
        "_landed",
        "_outlet",
        "_parts",
        "_sessions",
        "_username",
    )

    def __init__(self, parts: Parts, outlet: Outlet) -> None:
        self._parts = parts
        self._outlet = outlet
        self._username: str | None = None
        self._sessions: dict[str, str] = {}
        self._closed: Cause | None = None
        self._in_flight = 0
        self._landed: asyncio.Future[None] | None = None
        self._bad: Tally | None = None
        rate = parts.max_chats_per_second
        self._allowance = Allowance(rate) if rate > 0 else None

    async def handle(self, text: bytes) -> None:
        """Do what a frame says and come back when the next one may be read.

        Raises:
            UnicodeDecodeError: if the text is not UTF-8.
        """
        if self._closed is not None:
            return
        try:
            command = wire.decode(text)
        except wire.BadCommand as error:
            self._refuse(error, error.id)
            self._count_bad()
            return
        try:
            await self._do(command)
        except (Refused, OutcomeUnknown) as error:
            self._refuse(error, command.id)
            if error.code == "bad_command":
                self._count_bad()
        if self._in_flight >= self._parts.max_in_flight:
            await self._wait_for_landing()
        if self._outlet.waiting() > self._parts.max_buffer_bytes:
            await self._wait_for_reader()

    async def _do(self, command: wire.ClientCommand) -> None:
        if type(command) is wire.Chat:
            self._chat(command)
        elif type(command) is wire.Join:
            await self._join(command)
        elif type(command) is wire.Leave:
            await self._leave(command)
        elif type(command) is wire.History:
            await self._history(command)
        elif type(command) is wire.Users:
            names.check_room(command.room, self._parts.limits)
            self._answer(await self._parts.users.frame(command.room, command.id))
        else:
            self._answer(Pong(command.id))

    # chat

    def _chat(self, command: wire.Chat) -> None:
        room = self._room_of(command.room)
        session = self._sessions.get(room)
        if session is None:
            raise Refused("not_joined", "Join the room before you chat in it.")
        names.check_message(command.message, self._parts.limits)
        if self._allowance is not None and not self._allowance.take():
            raise Refused("rate_limited", "You write too fast. Try again in a moment.")
        post = commands.Post(room, session, command.message, command.id)
        self._parts.committer.submit(post, lambda told: self._posted(post, told))
        self._in_flight += 1

    def _posted(self, post: commands.Post, told: Told) -> None:
        self._in_flight -= 1
        if self._landed is not None and not self._landed.done():
            self._landed.set_result(None)
        if isinstance(told, Recorded):
            if post.id is not None:
                self._answer(Ack(post.id, post.room, told.seq, told.hash_text))
        elif isinstance(told, FirstPost):
            assert post.id is not None
            self._answer(Ack(post.id, post.room, told.seq, told.hash[:8].hex(), repeated=True))
        else:
            self._refuse(told, post.id)

    # join

    async def _join(self, command: wire.Join) -> None:
        self._check_join(command)
        parts = self._parts
        room = await parts.rooms.open(command.room)
        session = secrets.token_hex(16)
        room.joining[session] = Joiner(self._outlet, command.id, self._ended)
        join = commands.Join(
            command.room,
            session,
            command.username,
            backlog=None if command.after is not None else _backlog(command),
            after=command.after,
            after_hash=command.hash,
        )

        def joined(_: Recorded) -> None:
            self._username = command.username
            self._sessions[command.room] = session
            if self._closed is not None:
                self.close(self._closed)

        try:
            await self._append(join, joined)
        except Refused:
            room.drop(session)
            raise
        except OutcomeUnknown:
            room.drop(session)
            parts.departures.add([commands.Leave(command.room, session, "disconnected")])
            raise

    def _check_join(self, command: wire.Join) -> None:
        limits = self._parts.limits
        names.check_room(command.room, limits)
        names.check_username(command.username, limits)
        if self._username not in (None, command.username):
            raise Refused("username_fixed", f"You are {self._username} on this connection.")
        if command.room in self._sessions:
            raise Refused("already_joined", "You are in this room already.")
        if len(self._sessions) >= limits.max_rooms_per_connection:
            most = limits.max_rooms_per_connection
            raise Refused("too_many_rooms", f"A connection is in at most {most} rooms.")

    # leave

    async def _leave(self, command: wire.Leave) -> None:
        room = self._room_of(command.room)
        session = self._sessions.get(room)
        if session is None:
            raise Refused("not_joined", "You are not in this room.")

        def left(told: Recorded) -> None:
            if command.id is not None:
                self._answer(Ack(command.id, room, told.seq, told.hash_text))
            self._ended(room, session)

        leave = commands.Leave(room, session, "left")
        try:
            await self._append(leave, left)
        except OutcomeUnknown:
            self._parts.departures.add([leave])
            raise

    def _ended(self, room: str, session: str) -> None:
        """Take note that a session has ended, by whoever's doing."""
        if self._sessions.get(room) == session:
            del self._sessions[room]

    # the rest

    async def _history(self, command: wire.History) -> None:
        names.check_room(command.room, self._parts.limits)
        async with self._parts.history.turn():
            page = await self._parts.history.page(_page_request(command))
            self._answer(
                HistoryFrame(
                    command.room,
                    encode_events(page.events),
                    page.first,
                    page.last,
                    page.more_before,
                    page.more_after,
                    command.id,
                )
            )
            if self._outlet.waiting() > self._parts.max_buffer_bytes:
                await self._wait_for_reader()

    def close(self, cause: Cause) -> None:
        """Take nothing more and leave all rooms: the socket is gone, or will be."""
        self._closed = cause
        leaves = [commands.Leave(r, session, cause) for r, session in self._sessions.items()]
        for leave in leaves:
            if (room := self._parts.rooms.get(leave.room)) is not None:
                room.drop(leave.session)
        self._sessions.clear()
        self._parts.departures.add(leaves)

    def go_away(self) -> None:
        """Tell the client to come back in a moment."""
        self._outlet.let_go(GOING_AWAY)

    def _room_of(self, room: str | None) -> str:
        """Return the room meant: the one given, or the one joined last and still joined."""
        if room is not None:
            return room
        return next(reversed(self._sessions), "")

    async def _append(
        self, command: commands.Command, recorded: Callable[[Recorded], None]
    ) -> None:
        """Append and wait; ``recorded`` is called before the event is brought to anybody.

        Raises:
            Refused, OutcomeUnknown: as the committer says.
        """
        settled: asyncio.Future[Told] = asyncio.get_running_loop().create_future()

        def done(told: Told) -> None:
            if isinstance(told, Recorded):
                recorded(told)
            if not settled.done():
                settled.set_result(told)

        self._parts.committer.submit(command, done)
        told = await settled
        if isinstance(told, Refused | OutcomeUnknown):
            raise told

    def _answer(self, answer: Answer) -> None:
        self._outlet.write(text_frame(encode_answer(answer)))

    def _refuse(self, error: Refused | OutcomeUnknown, id: str | None) -> None:
        self._parts.refusals[error.code] = self._parts.refusals.get(error.code, 0) + 1
        self._answer(Error(error.code, error.sentence, id))

    def _count_bad(self) -> None:
        if self._bad is None:
            self._bad = Tally(self._parts.max_bad_commands_per_minute)
        if self._bad.is_full():
            self._outlet.let_go(TOO_MANY_ERRORS, b"too many bad commands")

    async def _wait_for_landing(self) -> None:
        self._landed = asyncio.get_running_loop().create_future()
        await self._landed

    async def _wait_for_reader(self) -> None:
        """Read no more commands while the answers to the last ones wait."""
        mark = self._parts.max_buffer_bytes
        if not await drained(self._outlet, mark, self._parts.slow_seconds):
            self._outlet.let_go(TOO_SLOW)


def _backlog(command: wire.Join) -> int:
    return 50 if command.backlog is None else command.backlog


def _page_request(command: wire.History) -> PageRequest:
    return PageRequest(
        room=command.room,
        before=command.before,
        after=command.after,
        around=command.around,
        limit=command.limit,
        types=command.types,
    )
