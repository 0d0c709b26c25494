"""chatlog: the chat backend you can audit.

The server appends every join, leave and chat to a SQL event log before it sends it to
anyone; presence, the replay to a new member and the answers to an auditor are projections of
that log. ``docs/architecture.md`` describes how the folders below fit together.

``create_app(Settings(...))`` is the server, to run or to mount in an aiohttp application. With
``authenticate=`` your own function says who sends a request, as an ``Identity``. ``chat_of(app)``
posts, makes rooms and follows the log from the same program (``docs/embed.md``).
"""

import importlib
from typing import TYPE_CHECKING, Any, Final

from chatlog.domain.version import VERSION

if TYPE_CHECKING:
    from chatlog.domain.errors import ChatlogError, NotRunning, OutcomeUnknown, Refused
    from chatlog.domain.identity import Identity
    from chatlog.settings import Settings
    from chatlog.web import chat_of, create_app

__version__ = VERSION
__all__ = [
    "ChatlogError",
    "Identity",
    "NotRunning",
    "OutcomeUnknown",
    "Refused",
    "Settings",
    "chat_of",
    "create_app",
]

_HOMES: Final = {
    "ChatlogError": "chatlog.domain.errors",
    "Identity": "chatlog.domain.identity",
    "NotRunning": "chatlog.domain.errors",
    "OutcomeUnknown": "chatlog.domain.errors",
    "Refused": "chatlog.domain.errors",
    "Settings": "chatlog.settings",
    "chat_of": "chatlog.web",
    "create_app": "chatlog.web",
}


def __getattr__(name: str) -> Any:
    """Import a name at its first use: a command that reads needs no server."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
