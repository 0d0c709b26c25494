"""chatlog: the chat backend you can audit.

The server appends every join, leave and chat to a SQL event log before it sends it to
anyone; presence, the replay to a new member and the answers to an auditor are projections of
that log. ``docs/architecture.md`` describes how the folders below fit together.

``create_app(Settings(...))`` is the server, to run or to mount in an aiohttp application. With
``authenticate=`` your own function says who sends a request, as an ``Identity``.
"""

import importlib
from typing import Any, Final

__version__ = "0.1.0"
__all__ = ["Identity", "Settings", "create_app"]

_HOMES: Final = {
    "Identity": "chatlog.domain.identity",
    "Settings": "chatlog.settings",
    "create_app": "chatlog.web",
}


def __getattr__(name: str) -> Any:
    """Import a name at its first use: a command that reads needs no server."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
