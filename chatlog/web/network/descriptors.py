"""Fit the server to the system's limit of open files and sockets.

Every connection needs a descriptor. A server without free descriptors cannot accept connections,
so the limit is raised as far as possible, and the connection limits are lowered to fit it.
"""

from __future__ import annotations

import logging
import resource
from dataclasses import replace
from typing import Final

from chatlog.domain.counts import counted
from chatlog.settings import Settings

logger = logging.getLogger(__name__)

_OWN: Final = 100
"""Descriptors for everything except connections: databases, locks, pages being read."""


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
    """Return the number of descriptors that the settings need."""
    return settings.max_connections + settings.max_http_connections + _OWN


def within(settings: Settings, limit: int) -> Settings:
    """Return the settings with connection limits that fit a limit of open files."""
    if needed_by(settings) <= limit:
        return settings
    room = limit - min(_OWN, limit // 2)
    http = max(1, min(settings.max_http_connections, room // 4))
    sockets = max(1, min(settings.max_connections, room - http))
    return replace(settings, max_connections=sockets, max_http_connections=http)


def fitted(settings: Settings) -> Settings:
    """Raise the limit of open files, and return settings that fit it."""
    return within(settings, raise_limit(needed_by(settings)))


def warn_of_fewer(asked: Settings, served: Settings) -> None:
    """Warn if fewer connections are served than requested."""
    if served != asked:
        logger.warning(
            "The limit of open files allows %d of %s and %s. Raise it (ulimit -n, LimitNOFILE=), "
            "or lower --max-connections.",
            served.max_connections,
            counted(asked.max_connections, "WebSocket"),
            counted(served.max_http_connections, "other connection"),
        )
