"""Open mode, in which every name is a claim and everybody sees every room: it has no rights.

A node in open mode does not start on a log that has events about rights. Another node (a server
in token mode, an import) can append them later: the tail then meets them in ``Guard``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from chatlog.databases.database import Database
from chatlog.domain.errors import LogError
from chatlog.eventlog.rights import has_rights
from chatlog.eventlog.tail import Served
from chatlog.kinds.event import Recorded
from chatlog.kinds.registry import RIGHTS_TYPES

UNFIT: Final = (
    "This log has rooms with rights, which open mode would show to everybody: give --auth token."
)


class Guard:
    """Passes committed events on to ``served``, up to the first batch with one about rights.

    It and all later ones are shown to nobody; ``unfit`` is called once.
    """

    def __init__(self, served: Served, unfit: Callable[[], None]) -> None:
        self._served = served
        self._unfit = unfit
        self._has_rights = False

    def wants(self, room: str, type: str) -> bool:
        """Return whether events of this room and type are to be dispatched."""
        return type in RIGHTS_TYPES or self._served.wants(room, type)

    def is_next(self, recorded: Recorded) -> bool:
        """Return whether an event may be dispatched now."""
        return self._served.is_next(recorded)

    def dispatch(self, events: list[Recorded]) -> None:
        """Dispatch committed events."""
        if self._has_rights:
            return
        if any(recorded.event.type in RIGHTS_TYPES for recorded in events):
            self._has_rights = True
            self._unfit()
        else:
            self._served.dispatch(events)


async def check_open(database: Database) -> None:
    """Refuse a log that has events about rights.

    Raises:
        LogError: if it has.
    """
    async with database.read() as connection:
        found = await has_rights(connection)
    if found:
        raise LogError(UNFIT)
