"""Carry out the orders of people who have proved who they are, from sockets and HTTP alike."""

from __future__ import annotations

import secrets
import string
from dataclasses import replace
from typing import Final

from chatlog.chat.parts import Parts
from chatlog.chat.people.access import Access, check_takes_part
from chatlog.domain.errors import OutcomeUnknown, Refused
from chatlog.domain.identity import Identity
from chatlog.kinds.command import Command, FirstPost, Order
from chatlog.kinds.creation import CreateRoom
from chatlog.kinds.erasure import Redact
from chatlog.kinds.event import Recorded

_ALPHABET: Final = string.ascii_letters + string.digits


async def carry_out(
    parts: Parts, identity: Identity, order: Order | Redact, via: str | None = None
) -> Recorded | FirstPost:
    """Return the order's last event, or where it changed nothing, the first one or the head.

    ``via`` is the door by which it came; None is a socket.

    Raises:
        Refused, OutcomeUnknown: it was not carried out, or may not have been.
    """
    assert parts.access is not None
    check_takes_part(identity)
    await parts.access.check_name(identity)
    if isinstance(order, CreateRoom):
        return await _create(parts, parts.access, identity, order, via)
    assert order.room is not None
    await parts.door.knock(identity, order.room, via)
    if isinstance(order, Redact):
        return await parts.redact(identity, order, via)
    return await append(parts, order.command(identity).through(via))


def private_room() -> str:
    """Return a new name for a private room, which nobody can guess."""
    return "~" + "".join(secrets.choice(_ALPHABET) for _ in range(22))


async def _create(
    parts: Parts, access: Access, identity: Identity, order: CreateRoom, via: str | None
) -> Recorded | FirstPost:
    access.check_creation(identity)
    create = order.command(identity).through(via)
    if order.room is None:
        create = replace(create, room=private_room())
    with access.counting_creation(identity) as note:
        told = await append(parts, create)
        note(told)
        return told


async def append(parts: Parts, command: Command) -> Recorded | FirstPost:
    """Append the event of a command.

    Raises:
        Refused, OutcomeUnknown: from the committer.
    """
    told = await parts.committer.append(command)
    if isinstance(told, Refused | OutcomeUnknown):
        raise told
    return told
