"""What a node is called, and whom it may replace: a name that was given has one server at a time.

A name that was not given is nobody else's. One that was given is also that of the server's own
former self, which may have been killed a moment ago. Whether it lives is seen by its renewals.
"""

from __future__ import annotations

import logging
from socket import gethostname

from chatlog.eventlog.append import Node
from chatlog.eventlog.database import Database
from chatlog.nodes import leases
from chatlog.nodes.leases import NameTaken
from chatlog.nodes.watch import without_renewal

logger = logging.getLogger(__name__)


def default_name() -> str:
    """Return a name for a server that was given none: its host's, and what no other has."""
    host = "".join(char for char in gethostname() if char.isprintable())
    return leases.unique_name(host or "server")


async def begin(database: Database, name: str, *, alone: bool, lease_seconds: float) -> Node:
    """Enter a server into the log, once no living one has its name.

    Raises:
        NameTaken: if one has, and renewed its lease while that was waited for.
    """
    try:
        return await leases.begin(
            database, name, alone=alone, lease_seconds=lease_seconds, silent=()
        )
    except NameTaken as taken:
        logger.info("Waiting whether the last server named %s is alive.", name)
        silent = await without_renewal(database, list(taken.nodes))
    return await leases.begin(
        database, name, alone=alone, lease_seconds=lease_seconds, silent=silent
    )


async def begin_again(database: Database, name: str, *, alone: bool, lease_seconds: float) -> Node:
    """Enter a server into the log anew that was taken for dead.

    If another one has its name by now, it goes on under one that is nobody else's: else they would
    end each other for ever.
    """
    try:
        return await leases.begin(
            database, name, alone=alone, lease_seconds=lease_seconds, silent=()
        )
    except NameTaken:
        other = leases.unique_name(name)
        said = "Another server is named %s now; this one goes on as %s."
        logger.error(said, name, other)  # noqa: TRY400 - nothing is wrong with the program
    return await leases.begin(database, other, alone=alone, lease_seconds=lease_seconds)
