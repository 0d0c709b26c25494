"""Fit the server to the number of files and sockets that the system lets it open.

Every connection is one. A server that runs out of them can take nobody in, so the limit is
raised as far as it goes, and what it does not suffice for is not promised.
"""

from __future__ import annotations

import logging
import resource
from dataclasses import replace
from typing import Final

from chatlog.settings import Settings

logger = logging.getLogger(__name__)

_OWN: Final = 100
"""Descriptors for everything that is no connection: databases, locks, pages being read."""


def raise_limit(needed: int) -> int:
    """Raise this process's limit of open files towards ``needed``; return the limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return needed
    wanted = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    if soft >= wanted:
        return soft
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (OSError, ValueError):  # macOS has a second limit of its own
        return soft
    return wanted


def needed_by(settings: Settings) -> int:
    """Return how many descriptors the settings ask for."""
    return settings.max_connections + settings.max_http_connections + _OWN


def within(settings: Settings, limit: int) -> Settings:
    """Return the settings with no more connections than a limit of open files has room for."""
    if needed_by(settings) <= limit:
        return settings
    room = limit - min(_OWN, limit // 2)
    http = max(1, min(settings.max_http_connections, room // 4))
    sockets = max(1, min(settings.max_connections, room - http))
    return replace(settings, max_connections=sockets, max_http_connections=http)


def fitted(settings: Settings) -> Settings:
    """Raise the limit of open files, and return the settings that can be served under it."""
    return within(settings, raise_limit(needed_by(settings)))


def warn_of_fewer(asked: Settings, served: Settings) -> None:
    """Warn where fewer connections are served than were asked for."""
    if served != asked:
        logger.warning(
            "The limit of open files serves %d WebSockets, not %d, and %d other connections. "
            "Raise it (ulimit -n, LimitNOFILE=), or lower --max-connections.",
            served.max_connections,
            asked.max_connections,
            served.max_http_connections,
        )
