"""Name a node, and replace an earlier node of a given name: one server per name at a time.

A generated name is unique. A given name also belongs to the server's previous process, which may
have been killed a moment ago. Its renewals show whether it is alive.
"""

from __future__ import annotations

import logging
from functools import partial
from socket import gethostname
from typing import Final

from chatlog.databases.database import Database
from chatlog.eventlog.append import Node
from chatlog.nodes import leases
from chatlog.nodes.leases import NameTaken
from chatlog.nodes.watch import without_renewal

logger = logging.getLogger(__name__)

_MOST_HOST_CHARS: Final = 50
"""So that the whole name is one that could be given."""


def default_name() -> str:
    """Return a name for a server without a given one: the host name and a unique suffix."""
    host = "".join(char for char in gethostname() if char.isprintable()).strip()
    return leases.unique_name(host[:_MOST_HOST_CHARS] or "server")


async def begin(database: Database, name: str, *, alone: bool, lease_seconds: float) -> Node:
    """Insert a server as a node, once no living node has its name.

    Raises:
        NameTaken: if a node of this name renewed its lease during the wait.
    """
    try:
        return await leases.begin(
            database, name, alone=alone, lease_seconds=lease_seconds, silent=()
        )
    except NameTaken as taken:
        logger.info("Waiting to see whether the last server named %s is alive.", name)
        silent = await without_renewal(database, list(taken.nodes))
    return await leases.begin(
        database, name, alone=alone, lease_seconds=lease_seconds, silent=silent
    )


async def begin_again(
    database: Database, name: str, *, alone: bool, lease_seconds: float, read_position: int
) -> Node:
    """Insert a server that was declared dead as a new node, which has read up to a position.

    If another node has its name by now, it continues under a unique name: otherwise the two would
    keep ending each other.
    """
    begin = partial(
        leases.begin,
        database,
        alone=alone,
        lease_seconds=lease_seconds,
        read_position=read_position,
    )
    try:
        return await begin(name, silent=())
    except NameTaken:
        other = leases.unique_name(name)
        said = "Another server is now named %s; this server continues as %s."
        logger.error(said, name, other)  # noqa: TRY400 - nothing is wrong with the program
    return await begin(other)
