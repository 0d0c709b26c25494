"""What connections need of their node: all of them share one."""

from __future__ import annotations

from collections import Counter
from typing import Protocol

from chatlog.chat.departures import Departures
from chatlog.chat.rooms import Rooms
from chatlog.chat.users import Users
from chatlog.domain.names import Limits
from chatlog.eventlog.committer import Committer
from chatlog.readers.door import Door
from chatlog.readers.history import History
from chatlog.settings import Settings


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
    refusals: Counter[str]
