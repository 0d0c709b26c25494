"""The dependencies of connections: one set for all connections of a node."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from chatlog.chat.departures import Departures
from chatlog.chat.rooms import Rooms
from chatlog.chat.users import Users
from chatlog.domain.names import Limits
from chatlog.eventlog.committer import Committer
from chatlog.readers.door import Door
from chatlog.readers.history import History


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a node, and the settings that apply to a connection."""

    committer: Committer
    rooms: Rooms
    departures: Departures
    history: History
    door: Door
    users: Users
    limits: Limits
    refusals: Counter[str]
    max_in_flight: int
    max_bad_commands_per_minute: int
    max_chats_per_second: float
    max_buffer_bytes: int
    slow_seconds: float
