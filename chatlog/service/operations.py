"""What an operator may have a running server do, over the control socket."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from chatlog.service.control import Handler
from chatlog.service.erasing import Eraser


def handlers(eraser: Eraser) -> dict[str, Handler]:
    """Return the handlers of the control socket, by command."""

    async def redact(room: str, seqs: list[int], by: str, reason: str) -> dict[str, Any]:
        return asdict(await eraser.redact(room, seqs, by=by, reason=reason))

    async def erase_user(username: str, by: str, reason: str) -> dict[str, Any]:
        return asdict(await eraser.erase_user(username, by=by, reason=reason))

    return {"redact": redact, "erase-user": erase_user}
