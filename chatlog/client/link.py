"""What a room needs of its client, and how a command is sent until its outcome is known."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from chatlog.client.errors import PASSING, Unreachable, retry_seconds
from chatlog.client.frames import Answer
from chatlog.client.gate import Gate
from chatlog.client.settings import Limits, pause_seconds
from chatlog.domain.errors import Refused

if TYPE_CHECKING:
    from chatlog.client.membership import Membership

Command = Mapping[str, Any]
A = TypeVar("A")


class Link(Protocol):
    """A client, as its rooms see it."""

    limits: Limits
    signed_in: Gate
    """Open while there is a connection on which the server knows who this is."""

    @property
    def is_open_mode(self) -> bool: ...
    @property
    def who(self) -> Command:
        """The fields of a ``join`` that say who joins."""

    def is_mine(self, username: str) -> bool: ...
    async def request(
        self, command: Command, id: str | None = None, *, is_long: bool = False
    ) -> Answer: ...
    def reconnect(self) -> None: ...
    def enter(self, membership: Membership) -> None: ...
    def forget(self, membership: Membership) -> None: ...


async def settled(
    link: Link,
    wanted: type[A],
    command: Command,
    *,
    gate: Gate,
    id: str | None = None,
    not_joined: Callable[[], None] | None = None,
) -> A:
    """Send a command, again and again under its id, until it is known what became of it.

    ``gate`` is passed before each try; ``not_joined`` is called on that refusal, which then passes.

    Raises:
        Refused: the server refused it for good.
    """
    for attempt in itertools.count():
        await gate.passed()
        try:
            answer = await link.request(command, id)
        except Unreachable:
            await asyncio.sleep(0)  # the gate is shut by now, if the connection is lost
        except Refused as error:
            if error.code == "not_joined" and not_joined is not None:
                not_joined()
            elif error.code not in PASSING:
                raise
            await pause(link.limits, error, attempt)
        else:
            if isinstance(answer, wanted):
                return answer
            raise Refused("bad_answer", f"The server answered with {answer.type}.")
    raise AssertionError("it counts for ever")


async def pause(limits: Limits, error: Refused, attempt: int) -> None:
    """Wait until a refused command can be sent again."""
    first, most = limits.first_resend_seconds, limits.max_resend_seconds
    seconds = pause_seconds(first, most, attempt, random.random())
    await asyncio.sleep(max(retry_seconds(error), seconds))
