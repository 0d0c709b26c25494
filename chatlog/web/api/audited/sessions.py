"""``GET /api/rooms/{room}/sessions``: sessions that overlap a range."""

from __future__ import annotations

from aiohttp import web

from chatlog.audit.points import parse_end, parse_point
from chatlog.audit.sessions import Session
from chatlog.kinds.event import shown_name
from chatlog.web.api.bodies import SessionsBody, SessionSummary
from chatlog.web.api.queries import SessionsQuery, query_of, room_of
from chatlog.web.api.replies import reply
from chatlog.web.identify import asker_of
from chatlog.web.keys import RUNTIME


async def show(request: web.Request) -> web.StreamResponse:
    """Answer with a page of sessions that overlap a range."""
    name, query = room_of(request), query_of(request, SessionsQuery)
    first = None if query.from_ is None else parse_point(query.from_)
    last = None if query.to is None else parse_end(query.to)
    runtime = request.app[RUNTIME]
    async with runtime.history.turn():
        admission = await runtime.door.admit(await asker_of(request), name, "sessions")
        found = await admission.sessions(first, last, after=query.after, limit=query.limit + 1)
        return await reply(request, _body(name, found, query.limit))


def _body(room: str, found: list[Session], limit: int) -> SessionsBody:
    page = found[:limit]
    next_ = page[-1].joined_seq if len(found) > limit else None
    return SessionsBody(room, list(map(_summary, page)), next_)


def _summary(session: Session) -> SessionSummary:
    return SessionSummary(
        session.session,
        shown_name(session.username),
        session.joined_seq,
        session.joined_at,
        session.left_seq,
        session.left_at,
        session.cause,
        session.last_seen_at,
    )
