"""Check that erased content is gone: it may have been put back from a backup.

Commitments cannot detect this: content restored with its salt is what was written. A
redaction names chats and erases their texts and further contents. Erasing a person also names
their joins and leaves, so an erasure that names one of these has erased the name.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.audit.verification.check_events import Wrong
from chatlog.databases.schema import events, users
from chatlog.kinds.erasure import Erased
from chatlog.kinds.event import Event, Recorded
from chatlog.kinds.registry import MESSAGE_TYPES

_PAGE: Final = 500
_TEXT, _NAME, _FURTHER = 1, 2, 3
_WHAT: Final = {_TEXT: "text", _NAME: "user's name", _FURTHER: "further content"}
_is_message: Final = events.c.type.in_(MESSAGE_TYPES)
_HAS_TEXT: Final = sa.or_(events.c.text.is_not(None), events.c.text_salt.is_not(None))
_HAS_NAME: Final = sa.or_(users.c.username.is_not(None), users.c.salt.is_not(None))
_THERE: Final = (
    sa.select(
        events.c.seq,
        sa.case((~_is_message, _NAME), (_HAS_TEXT, _TEXT), else_=_FURTHER).label("what"),
    )
    .select_from(events.outerjoin(users, events.c.user_id == users.c.id))
    .where(
        events.c.room_id == sa.bindparam("room"),
        events.c.seq < sa.bindparam("erasure"),
        events.c.seq.in_(sa.bindparam("of", expanding=True)),
        sa.or_(
            sa.and_(_is_message, sa.or_(_HAS_TEXT, events.c.contents.is_not(None))),
            sa.and_(~_is_message, _HAS_NAME),
        ),
    )
    .order_by(events.c.seq)
    .limit(1)
)


async def check_gone(connection: AsyncConnection, room: int, page: Iterable[Recorded]) -> None:
    """Check that the content named by a page's erasures is gone, in the page's snapshot.

    Raises:
        Wrong: at the first event of the room (given by number) that still has its content.
    """
    for recorded in page:
        event = recorded.event
        of = event.of if isinstance(event, Erased) else ()
        for begin in range(0, len(of), _PAGE):
            asked = {"room": room, "erasure": recorded.seq, "of": of[begin : begin + _PAGE]}
            if (found := (await connection.execute(_THERE, asked)).first()) is not None:
                raise _put_back(found.seq, found.what)


class Kept:
    """Records which events of a file still have erasable content: one byte of memory each."""

    def __init__(self) -> None:
        self._events = bytearray(1)

    def accept(self, recorded: Recorded) -> None:
        """Take in the next event, from the room's first on.

        Raises:
            Wrong: if it is an erasure, at the first event that still has the erased content.
        """
        event = recorded.event
        if isinstance(event, Erased):
            for seq in sorted(set(event.of)):
                if 0 < seq < len(self._events) and (kept := self._events[seq]):
                    raise _put_back(seq, kept)
        self._events.append(_kept(event))


def _kept(event: Event) -> int:
    if not event.is_message:
        return 0 if event.user.name is None else _NAME
    if event.text is not None:
        return _TEXT
    return _FURTHER if event.further_contents() else 0


def _put_back(seq: int, what: int) -> Wrong:
    return Wrong(seq, f"its {_WHAT[what]} was erased and has been put back")
