"""Kinds of events: one module each, with everything particular to that kind.

A kind's module has its event, the command that leads to it and the rule that decides it, the
frames that clients send and get, and its line in an export, a CSV file and the shell. Everything
common (chain, rows, encoding, proof, exports, filters) is written once over ``Event`` and
``registry``, in the layers above. Pure: knows the domain and msgspec.
"""

from chatlog.kinds.chat import Posted
from chatlog.kinds.erasure import Erased
from chatlog.kinds.event import Event
from chatlog.kinds.join import Joined
from chatlog.kinds.leave import Left

KINDS: tuple[type[Event], ...] = (Posted, Joined, Left, Erased)
"""All kinds. A new kind is added here, and nowhere else."""
