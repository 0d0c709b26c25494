"""What connections need of their node: all of them share one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Protocol

from chatlog.chat.departures import Departures
from chatlog.chat.people.access import Access
from chatlog.chat.people.buckets import Buckets
from chatlog.chat.people.members import Members
from chatlog.chat.rooms import Rooms
from chatlog.chat.users import Users
from chatlog.domain.identity import Identity
from chatlog.domain.names import Limits
from chatlog.eventlog.committing.committer import Committer
from chatlog.kinds.erasure import Redact
from chatlog.kinds.event import Recorded
from chatlog.readers.door import Door
from chatlog.readers.history import History
from chatlog.settings import Settings
from chatlog.wire.commands import Commands


class Parts(Protocol):
    """The parts of a node that a connection uses, and the settings; ``Runtime`` has them."""

    settings: Settings
    limits: Limits
    committer: Committer
    rooms: Rooms
    departures: Departures
    history: History
    door: Door
    users: Users
    commands: Commands
    access: Access | None
    members: Members
    chats: Buckets
    refusals: Counter[str]
    redact: Callable[[Identity, Redact, str | None], Awaitable[Recorded]]
