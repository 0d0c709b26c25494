"""Kinds of events: one module each, with everything particular to that kind.

A kind's module has its event, the command that leads to it and the rule that decides it, the
frames that clients send and get, and its line in an export, a CSV file and the shell. Everything
common (chain, rows, encoding, proof, exports, filters) is written once over ``Event`` and
``registry``, in the layers above. Pure: knows the domain and msgspec.
"""

from chatlog.kinds.chat import Posted
from chatlog.kinds.command import Order
from chatlog.kinds.creation import CreateRoom
from chatlog.kinds.erasure import Erased
from chatlog.kinds.event import Event
from chatlog.kinds.join import Joined
from chatlog.kinds.leave import KickMember, Left
from chatlog.kinds.member import Appointed, AppointMember
from chatlog.kinds.room import Changed, ConfigureRoom

KINDS: tuple[type[Event], ...] = (Posted, Joined, Left, Erased, Changed, Appointed)
"""All kinds. A new kind is added here, and nowhere else."""

ORDERS: tuple[type[Order], ...] = (CreateRoom, ConfigureRoom, AppointMember, KickMember)
"""All commands of people, where they prove who they are, about a room they need not be in."""
