"""The question which events of a room: every face parses into it, and every reader takes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chatlog.domain.errors import Refused
from chatlog.kinds.registry import EVENT_TYPES

Point = int | str
"""A seq, or a time in the log's format."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventQuery:
    """The events of a room from ``first`` to ``last``, of these types, of this user.

    Both ends are inclusive; None is the room's own beginning or end. With ``limit`` it is at most
    so many of these events: those nearest to the seq ``around`` if that is given, otherwise the
    first ones if ``first`` is given, otherwise the newest.
    """

    room: str
    first: Point | None = None
    last: Point | None = None
    around: int | None = None
    limit: int | None = None
    types: Sequence[str] = EVENT_TYPES
    username: str | None = None

    @classmethod
    def beside(
        cls,
        room: str,
        *,
        before: int | None = None,
        after: int | None = None,
        around: int | None = None,
        limit: int,
        types: Sequence[str] | None = None,
    ) -> EventQuery:
        """Return the query for the events beside a seq, or for the newest ones if none is given.

        Raises:
            Refused: ``bad_command``, if more than one of the three seqs is given.
        """
        if sum(seq is not None for seq in (before, after, around)) > 1:
            raise Refused("bad_command", "Give at most one of `before`, `after` and `around`.")
        return cls(
            room=room,
            first=None if after is None else after + 1,
            last=None if before is None else before - 1,
            around=around,
            limit=limit,
            types=EVENT_TYPES if types is None else types,
        )

    @property
    def is_whole(self) -> bool:
        """Whether it asks for the room's complete chain."""
        everything = set(self.types) >= set(EVENT_TYPES)
        is_limited = (self.first, self.last, self.limit, self.username) != (None,) * 4
        return everything and not is_limited
