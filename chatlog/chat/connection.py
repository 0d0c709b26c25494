"""One client's connection: its username, its rooms, and its commands.

``take`` takes a frame's text and returns what is to be awaited before the next one: nothing for a
chat, which it queues and the committer answers later; a join or a leave, so that the next command
sees it done. Promises: every command gets its answer or the connection is closed; bad input harms
nothing; a closed connection leaves its rooms.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, Final

from chatlog.chat.allowance import Allowance, Tally
from chatlog.chat.joined_rooms import JoinedRooms
from chatlog.chat.parts import Parts
from chatlog.chat.people.access import check_takes_part
from chatlog.chat.people.buckets import TOO_FAST
from chatlog.chat.people.orders import carry_out
from chatlog.chat.rooms_client import RoomsClient
from chatlog.databases.discreet import describe
from chatlog.delivery.outlet import Outlet, drained
from chatlog.domain.errors import ChatlogError, OutcomeUnknown, RateLimited, Refused, Unavailable
from chatlog.eventlog.committing.committer import Told
from chatlog.kinds.command import FirstPost, Order, Request
from chatlog.kinds.creation import CreateRoom
from chatlog.kinds.erasure import Redact
from chatlog.kinds.event import Recorded
from chatlog.kinds.join import JoinRequest
from chatlog.kinds.leave import LeaveRequest
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
from chatlog.wire.frames import TOO_MANY_ERRORS, TOO_SLOW, text_frame

logger = logging.getLogger(__name__)

_BAD: Final = frozenset({"bad_json", "bad_command", "unknown_type"})
"""The codes of errors that only a faulty client gets, and too many of which end it."""


class Connection(RoomsClient[Outlet]):
    """The state of one client."""

    __slots__ = (
        "_allowance",
        "_bad",
        "_in_flight",
        "_landed",
    )

    def __init__(self, parts: Parts, outlet: Outlet) -> None:
        super().__init__(parts, outlet)
        self._joined = JoinedRooms(parts, outlet, self._credentials)
        self._in_flight = 0
        self._landed: asyncio.Future[None] | None = None
        self._bad: Tally | None = None
        rate = 0.0 if parts.access else parts.settings.max_chats_per_second
        self._allowance = Allowance(rate) if rate > 0 else None

    async def handle(self, text: bytes) -> None:
        """Execute the command in a frame, and return when the next frame may be taken.

        Raises:
            UnicodeDecodeError: if the text is not UTF-8.
        """
        if (rest := self.take(text)) is not None:
            await rest

    def take(self, text: bytes) -> Coroutine[Any, Any, None] | None:
        """Execute the command in a frame; return what is to be awaited before the next is taken.

        Raises:
            UnicodeDecodeError: if the text is not UTF-8.
        """
        if self._joined.is_closed or not self._outlet.is_open:
            return None
        try:
            command = self._parts.commands.decode(text, self._parts.limits)
        except wire.BadCommand as error:
            self._refuse(error, error.id)
            self._count_bad(error)
            return None
        try:
            if not self._do_at_once(command):
                return self._carry_out(command)
        except Exception as error:  # noqa: BLE001 - a bug, or an event that cannot be read
            self._failed(command, error)
        return self.pause()

    async def _carry_out(self, command: wire.ClientCommand) -> None:
        try:
            await self._do(command)
        except Exception as error:  # noqa: BLE001 - as in take
            self._failed(command, error)
        if (pause := self.pause()) is not None:
            await pause

    def pause(self) -> Coroutine[Any, Any, None] | None:
        """Return what is to be awaited while too much of this client is unanswered or unsent."""
        settings = self._parts.settings
        if self._in_flight >= settings.max_in_flight:
            return self._wait_for_landing()
        if self._outlet.waiting() > settings.max_buffer_bytes:
            return self._wait_for_reader()
        return None

    def _do_at_once(self, command: wire.ClientCommand) -> bool:
        """Execute a command that waits for nothing; return whether it was one."""
        if self._credentials is not None and type(command) is not wire.Auth:
            self._credentials.required()
        if isinstance(command, Request):
            self._submit(command)
        elif type(command) is wire.Ping:
            self._answer(Pong(command.id))
        else:
            return False
        return True

    async def _do(self, command: wire.ClientCommand) -> None:
        if isinstance(command, JoinRequest):
            await self._joined.join(command)
        elif type(command) is LeaveRequest:
            await self._leave(command)
        elif type(command) is wire.History:
            await self._history(command)
        elif type(command) is wire.Users:
            await self._users(command)
        else:
            await self._do_as_person(command)

    async def _users(self, command: wire.Users) -> None:
        asker, is_member = self._joined.asker, command.room in self._joined
        self._answer(await self._parts.users.frame(asker, command, is_member=is_member))

    async def _do_as_person(self, command: wire.ClientCommand) -> None:
        """Execute a command that only people who have proved who they are can give."""
        assert self._credentials is not None
        if type(command) is wire.Auth:
            await self._credentials.authenticate(command.token, command.id)
            if self._credentials.identity is not None:
                self._joined.renewed()
            return
        identity = self._credentials.required()
        if type(command) is wire.Members:
            assert self._parts.members is not None
            self._answer(await self._parts.members.frame(self._joined.asker, command))
            return
        assert isinstance(command, Order | Redact)
        self._acknowledge(command, await carry_out(self._parts, identity, command))

    def _acknowledge(self, command: wire.ClientCommand, told: Recorded | FirstPost) -> None:
        if command.id is None and type(command) is not CreateRoom:
            return
        digest, repeated = told.hash[:8].hex(), isinstance(told, FirstPost)
        self._answer(
            Ack(id=command.id, room=told.room, seq=told.seq, hash=digest, repeated=repeated)
        )

    def _submit(self, request: Request) -> None:
        room, session = self._joined.find(request.room)
        command = request.command(room, session)
        if self._credentials is not None:
            identity = self._credentials.required()
            if identity.is_admin:
                command = command.by_admin()
            check_takes_part(identity)
            self._parts.chats.charge(identity.subject)
        if self._allowance is not None and self._allowance.take():
            raise Refused("rate_limited", TOO_FAST)
        self._parts.committer.submit(command, lambda told: self._settled(room, request.id, told))
        self._in_flight += 1

    def _settled(self, room: str, id: str | None, told: Told) -> None:
        self._in_flight -= 1
        if self._landed is not None and not self._landed.done():
            self._landed.set_result(None)
        if isinstance(told, Recorded):
            if id is not None:
                ack = Ack(id=id, room=room, seq=told.seq, hash=told.hash_text)
                self._outlet.write_soon(text_frame(encode_answer(ack)))
        elif isinstance(told, FirstPost):
            assert id is not None
            self._answer(
                Ack(id=id, room=room, seq=told.seq, hash=told.hash[:8].hex(), repeated=True)
            )
        else:
            self._refuse(told, id)

    async def _leave(self, command: LeaveRequest) -> None:
        def acknowledge(told: Recorded) -> None:
            if command.id is not None:
                self._answer(Ack(id=command.id, room=told.room, seq=told.seq, hash=told.hash_text))

        await self._joined.leave(command.room, acknowledge)

    async def _history(self, command: wire.History) -> None:
        async with self._parts.history.lend(self._joined.asker, command.query()) as page:
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
            if self._outlet.waiting() > self._parts.settings.max_buffer_bytes:
                await self._wait_for_reader()

    def _answer(self, answer: Answer) -> None:
        self._outlet.write(text_frame(encode_answer(answer)))

    def _refuse(self, error: Refused | OutcomeUnknown, id: str | None) -> None:
        self._parts.refusals[error.code] += 1
        after = error.retry_after if isinstance(error, RateLimited) else None
        self._answer(Error(error.code, error.sentence, id, after))

    def _failed(self, command: wire.ClientCommand, error: Exception) -> None:
        """Answer a command that was refused, or failed inside the server and had no effect."""
        if isinstance(error, Refused | OutcomeUnknown):
            self._refuse(error, command.id)
            self._count_bad(error)
            return
        trace = None if isinstance(error, ChatlogError) else error
        name = type(command).__struct_config__.tag
        logger.error("A %s could not be answered: %s", name, describe(error), exc_info=trace)
        self._refuse(Unavailable("This cannot be answered now. Try again."), command.id)

    def _count_bad(self, error: Refused | OutcomeUnknown) -> None:
        if error.code not in _BAD:
            return
        if self._bad is None:
            self._bad = Tally(self._parts.settings.max_bad_commands_per_minute)
        if self._bad.is_full():
            self._outlet.let_go(TOO_MANY_ERRORS, b"too many bad commands")

    async def _wait_for_landing(self) -> None:
        self._landed = asyncio.get_running_loop().create_future()
        await self._landed

    async def _wait_for_reader(self) -> None:
        """Read no more commands while earlier answers are unsent."""
        mark = self._parts.settings.max_buffer_bytes
        if not await drained(self._outlet, mark, self._parts.settings.slow_seconds):
            self._outlet.let_go(TOO_SLOW)
