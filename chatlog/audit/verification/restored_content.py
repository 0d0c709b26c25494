"""Check that erased content is gone: it may have been put back from a backup.

Commitments cannot detect this: content restored with its salt is what was written. An erasure
that names an event with an erasable text has erased that text, and its further contents. Erasing
a person names all events of them and about them, so an erasure that names one without a text has
erased a name in it: of its user, or of whom it is about. An erasure is no such text: earlier
versions left the reason to an erased person's own erasures.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.audit.verification.check_events import Wrong
from chatlog.databases.schema import events, users
from chatlog.eventlog.rows import OTHER, with_people
from chatlog.kinds import KINDS
from chatlog.kinds.erasure import Erased
from chatlog.kinds.event import Event, Recorded
from chatlog.kinds.proof import Proof, Proved

_PAGE: Final = 500
_TEXT, _NAME, _FURTHER = 1, 2, 3
_WHAT: Final = {_TEXT: "text", _NAME: "user's name", _FURTHER: "further content"}
_had_content: Final = sa.and_(
    events.c.type != Erased.type,
    sa.or_(
        events.c.text_commitment.is_not(None),
        events.c.type.in_([kind.type for kind in KINDS if kind.contents]),
    ),
)
_HAS_TEXT: Final = sa.or_(events.c.text.is_not(None), events.c.text_salt.is_not(None))
_HAS_NAMES: Final = sa.and_(
    sa.or_(users.c.username.is_not(None), users.c.salt.is_not(None)),
    sa.or_(OTHER.c.id.is_(None), OTHER.c.username.is_not(None), OTHER.c.salt.is_not(None)),
)
_THERE: Final = (
    sa.select(
        events.c.seq,
        sa.case((~_had_content, _NAME), (_HAS_TEXT, _TEXT), else_=_FURTHER).label("what"),
    )
    .select_from(with_people(events.outerjoin(users, events.c.user_id == users.c.id)))
    .where(
        events.c.room_id == sa.bindparam("room"),
        events.c.seq < sa.bindparam("erasure"),
        events.c.seq.in_(sa.bindparam("of", expanding=True)),
        sa.or_(
            sa.and_(_had_content, sa.or_(_HAS_TEXT, events.c.contents.is_not(None))),
            sa.and_(~_had_content, _HAS_NAMES),
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
        of = event.of if type(event) is Erased else ()
        for begin in range(0, len(of), _PAGE):
            asked = {"room": room, "erasure": recorded.seq, "of": of[begin : begin + _PAGE]}
            if (found := (await connection.execute(_THERE, asked)).first()) is not None:
                raise _put_back(found.seq, found.what)


class Kept:
    """Records which events of a file still have erasable content: one byte of memory each."""

    def __init__(self) -> None:
        self._events = bytearray(1)

    def accept(self, proved: Proved) -> None:
        """Take in the next event, from the room's first on.

        Raises:
            Wrong: if it is an erasure, at the first event that still has the erased content.
        """
        event = proved.recorded.event
        if type(event) is Erased:
            for seq in sorted(set(event.of)):
                if 0 < seq < len(self._events) and (kept := self._events[seq]):
                    raise _put_back(seq, kept)
        self._events.append(_kept(event, proved.proof))

    def accept_text(self) -> None:
        """Take in the next event, which is no erasure and has its text."""
        self._events.append(_TEXT)


def _kept(event: Event, proof: Proof) -> int:
    had_content = proof.text_commitment is not None or event.contents
    if type(event) is Erased or not had_content:
        return 0 if any(user.name is None for user in event.everybody) else _NAME
    if event.text is not None:
        return _TEXT
    return _FURTHER if event.further_contents() else 0


def _put_back(seq: int, what: int) -> Wrong:
    return Wrong(seq, f"its {_WHAT[what]} was erased and has been put back")
