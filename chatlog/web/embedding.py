"""The door of the program that embeds the server: post, make rooms, follow the whole log.

What it does for somebody, an ``author``, has the rules, rights and limits of what they would do
themselves over HTTP, and its events say ``via`` ``python``. What it reads itself is the whole log,
like an operator's look into it: no room is left out, and nothing is put on record.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Mapping, Set
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, cast, overload

from aiohttp import web

from chatlog.audit.log_pages import Wanted
from chatlog.chat.people.orders import carry_out
from chatlog.chat.posting import post
from chatlog.domain.errors import NotRunning, Refused
from chatlog.domain.identity import Identity, check_identity
from chatlog.domain.rights import Access, Role, Visibility
from chatlog.kinds.chat import Posting, PostingAsPerson
from chatlog.kinds.command import FirstPost, Order
from chatlog.kinds.creation import CreateRoom
from chatlog.kinds.event import MAX_SEQ, Recorded
from chatlog.kinds.member import AppointMember
from chatlog.kinds.registry import EVENT_TYPES
from chatlog.readers.askers import OPERATOR
from chatlog.readers.following import Following
from chatlog.runtime import Runtime
from chatlog.web.forms import form_of
from chatlog.web.keys import PYTHON, RUNTIME, SETTINGS
from chatlog.wire.positioned import Positioned, PositionedChat, positioned


def chat_of(app: web.Application) -> EmbeddedChat:
    """Return the door of the server that runs with ``app``, which ``create_app`` returned.

    Raises:
        NotRunning: before the application's start-up, and after its shutdown has begun.
        ValueError: if it is another application.
    """
    if SETTINGS not in app:
        raise ValueError("This is no chat: give the application that create_app returned.")
    if RUNTIME not in app:
        raise NotRunning("The chat has not started: use chat_of once its application runs.")
    chat = EmbeddedChat(app[RUNTIME])
    chat.check_running()
    return chat


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddedChat:
    """A running server, for the program that embeds it; ``chat_of`` returns it.

    Every method raises ``NotRunning`` once the server stops. What is not done raises ``Refused``
    with a ``code`` of the protocol; a ``rate_limited`` one has ``retry_after``, in seconds. If the
    database was lost during the commit, it is ``OutcomeUnknown``: the same call with the same
    ``id`` tells, and does nothing twice.
    """

    _runtime: Runtime

    async def post(
        self, room: str, message: str, *, author: Identity, id: str | None = None
    ) -> PositionedChat:
        """Post a message for somebody who need not be there; return its frame. It is durable.

        With an ``id`` that this author has used in this room, nothing is appended, and the first
        message is returned. A room that does not exist is made, as by joining it. In open mode,
        the author's ``name`` is the username (the ``subject``, without a name), and the rest of
        the identity does not count.

        Raises:
            Refused, OutcomeUnknown: it was not posted, or may not have been.
        """
        runtime, given = self.check_running(), {"room": room, "message": message, "id": id}
        if runtime.access is None:
            given["username"] = author.subject if author.name is None else author.name
            command = form_of(Posting, given, runtime.limits).command(PYTHON)
        else:
            check_identity(author, runtime.limits)
            form = form_of(PostingAsPerson, given, runtime.limits)
            command = form.command_of(author, PYTHON)
        chat, _ = await post(runtime, command)
        return cast(PositionedChat, positioned(chat))  # as only chats answer to a chat's id

    async def create(
        self,
        room: str | None = None,
        *,
        author: Identity,
        access: Access = "open",
        history: Visibility = "all",
        topic: str = "",
        members: Mapping[str, Role] | None = None,
        id: str | None = None,
    ) -> str:
        """Create a room, which its author owns; return its name, which the server gives to private
        ones. ``members`` maps subjects to roles.

        With an ``id`` with which this author has created a room, it is that room's name.

        Raises:
            Refused, OutcomeUnknown: it was not created (``room_exists``, …), or may not have been.
        """
        fields = {"access": access, "history": history, "topic": topic, "members": members or {}}
        return (await self._order(CreateRoom, author, room=room, id=id, **fields)).room

    async def member(
        self,
        room: str,
        subject: str,
        role: Role,
        *,
        author: Identity,
        until: datetime | str | None = None,
        reason: str | None = None,
    ) -> None:
        """Give somebody a role in a room, for good or until a time, in the name of ``author``.

        Raises:
            Refused, OutcomeUnknown: they did not get it, or may not have got it.
        """
        end = until.isoformat() if isinstance(until, datetime) else until
        fields = {"room": room, "subject": subject, "role": role, "until": end, "reason": reason}
        await self._order(AppointMember, author, **fields)

    @overload
    def events(
        self, *, after: int | None = None, types: Set[Literal["chat"]]
    ) -> AsyncGenerator[PositionedChat]: ...

    @overload
    def events(
        self, *, after: int | None = None, types: Collection[str] | None = None
    ) -> AsyncGenerator[Positioned]: ...

    def events(
        self, *, after: int | None = None, types: Collection[str] | None = None
    ) -> AsyncGenerator[Any]:
        """Yield all rooms' events after a position, then each new one, until the server stops.

        They come in the log's order, each once. Without ``after`` it begins at the head, at the
        moment when the iteration starts; 0 is the log's beginning. ``types`` are those of the
        events (``chat``, ``join``, …); None is all. An iteration that continues after the
        ``position`` of the last event that was handled misses none. While the database cannot be
        read, it waits.

        Raises:
            Refused: ``bad_command``, for a type or a position that cannot be.
            LogError: when iterated, if the log ends before the position or was restored.
        """
        runtime = self.check_running()
        if unknown := set(types or ()) - set(EVENT_TYPES):
            raise Refused("bad_command", f"There is no type {min(map(str, unknown))!r} of events.")
        if after is not None and (type(after) is not int or not 0 <= after <= MAX_SEQ):
            raise Refused("bad_command", "`after` must be the position of an event, or 0.")
        wanted = Wanted(types=EVENT_TYPES if types is None else tuple(types))
        return _follow(runtime, after, wanted)

    def check_running(self) -> Runtime:
        """Return the server's parts.

        Raises:
            NotRunning: once it stops.
        """
        if self._runtime.stopping:
            raise NotRunning("The chat has stopped.")
        return self._runtime

    async def _order(
        self, kind: type[Order], author: Identity, **fields: Any
    ) -> Recorded | FirstPost:
        runtime = self.check_running()
        if runtime.access is None:
            raise Refused("forbidden", "In open mode rooms have no members.")
        check_identity(author, runtime.limits)
        return await carry_out(runtime, author, form_of(kind, fields, runtime.limits), PYTHON)


async def _follow(
    runtime: Runtime, after: int | None, wanted: Wanted
) -> AsyncGenerator[Positioned]:
    log = await runtime.door.admit_everywhere(OPERATOR)
    poll_seconds = runtime.settings.poll_seconds
    following = Following(log, runtime.tail, poll_seconds, lambda: runtime.stopping)
    async with aclosing(following.events(after, wanted)) as events:
        async for recorded in events:
            yield positioned(recorded)
