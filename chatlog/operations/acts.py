"""Log what operators do, in the server that does it: the command and counts, nothing else.

Who did what to whom is in the log of events. This log is copied to places that erasing does not
reach: no text, name, subject, room or reason may be in it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from chatlog.domain.errors import ChatlogError, Refused
from chatlog.operations.control_socket import Handler

logger = logging.getLogger(__name__)


def logged(handlers: Mapping[str, Handler]) -> dict[str, Handler]:
    """Return the handlers of operators' commands, each of which logs that it was carried out."""
    return {command: _logged(command, handler) for command, handler in handlers.items()}


def _logged(command: str, handler: Callable[..., Any]) -> Handler:
    async def run(**arguments: Any) -> dict[str, Any]:
        try:
            done: dict[str, Any] = await handler(**arguments)
        except ChatlogError as error:
            why = error.code if isinstance(error, Refused) else "failed"
            _log(command, f"{command} was refused ({why}).", {"refused": why})
            raise
        counts = _counts(done)
        said = ", ".join(f"{name} {count}" for name, count in counts.items())
        _log(command, f"{command} was carried out{f' ({said})' if said else ''}.", counts)
        return done

    return run


def _log(command: str, said: str, facts: Mapping[str, object]) -> None:
    logger.info("An operator's %s", said, extra={"facts": {"command": command, **facts}})


def _counts(done: Mapping[str, Any]) -> dict[str, int]:
    """Return the numbers in a result, and the lengths of its lists."""
    counts = {}
    for name, value in done.items():
        if isinstance(value, list | tuple):
            counts[name] = len(value)
        elif isinstance(value, int) and not isinstance(value, bool):
            counts[name] = value
    return counts
