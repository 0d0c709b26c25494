"""``GET /api/rooms/{room}/verify``: check that the room is what was written."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from chatlog.audit.verification.check_room import RoomVerdict
from chatlog.audit.verification.coverage import TAIL, Coverage
from chatlog.web.api.bodies import RoomVerdictBody, VerdictBody
from chatlog.web.api.queries import room_of
from chatlog.web.api.replies import reply
from chatlog.web.identify import asker_of
from chatlog.web.keys import RUNTIME

_COVERED: Final = Coverage(
    start="from the first event on, or from where this server last verified the room"
)


async def show(request: web.Request) -> web.StreamResponse:
    """Answer with the verdict on the chain, like ``chatlog verify ROOM --json``."""
    name = room_of(request)
    runtime = request.app[RUNTIME]
    admission = await runtime.door.admit(await asker_of(request), name, "verify")
    verdict = await runtime.history.verifying.verdict(admission)
    return await reply(request, _body(verdict))


def _body(verdict: RoomVerdict) -> VerdictBody:
    room = RoomVerdictBody(
        verdict.room, verdict.ok, verdict.head, verdict.hash, verdict.wrong_seq, verdict.why
    )
    hint = TAIL if verdict.ok else None
    return VerdictBody(
        verdict.ok, verdict.head, [room], _COVERED.sentence(), _COVERED.looked_at, hint
    )
