"""The log folded in plain Python: what the queries' answers are checked against.

Reads the events themselves, one by one, and nothing that the views read beside them but
the names of people and rooms and when a server was last heard of.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.domain.times import minus

_EVENTS = """
SELECT e.position, r.room, e.seq, e.at, e.type, e.user_id, u.username, e.session, n.node, n.seen_at,
       n.ended_at, n.lease_seconds,
       e.cause, e.last_seen_at, e.sessions, e.replay_from, e."of" AS of_seqs, e.text,
       e.text_commitment IS NOT NULL AND e.text IS NULL AS text_erased,
       e.text_commitment IS NOT NULL AS has_text, e.details, p.subject,
       a.username AS about_name, q.subject AS about_subject
FROM events e JOIN rooms r ON r.id = e.room_id JOIN users u ON u.id = e.user_id
JOIN nodes n ON n.id = e.node_id
LEFT JOIN subjects p ON p.id = u.subject_id
LEFT JOIN users a ON e.type IN ('leave', 'member') AND a.uuid = e."of"
LEFT JOIN subjects q ON q.id = a.subject_id
ORDER BY e.position
"""
# These are no events.
_LOOKS = """
SELECT l.at, r.room, p.subject, u.username, l.what, l.seq
FROM looks l JOIN users u ON u.id = l.user_id JOIN subjects p ON p.id = u.subject_id
LEFT JOIN rooms r ON r.id = l.room_id ORDER BY l.id
"""


@dataclass(slots=True)
class Session:
    """A session, as its events tell it."""

    room: str
    session: str
    user_id: int
    username: str
    node: str
    joined_seq: int
    joined_at: str
    replay_from: int
    certain_until: str
    uncertain_after: str
    left_seq: int | None = None
    left_at: str | None = None
    cause: str | None = None

    @property
    def seconds(self) -> float:
        joined, until = map(datetime.fromisoformat, (self.joined_at, self.certain_until))
        return round((until - joined).total_seconds(), 6)

    def holds(self, seq: int) -> bool:
        return self.joined_seq <= seq and (self.left_seq is None or self.left_seq > seq)

    def holds_time(self, at: str) -> bool:
        return self.joined_at <= at and (self.left_at is None or self.left_at > at)

    def was_replayed(self, seq: int) -> bool:
        return self.replay_from <= seq < self.joined_seq


def _silence(event: Any) -> float:
    """Return the seconds to add to the time of an open session's server, as a negative number."""
    return 0.0 if event.ended_at else -2 * event.lease_seconds


@dataclass(slots=True)
class LogFold:
    """All events in order of the log, and the sessions that they make."""

    events: list[Any] = field(default_factory=list)
    sessions: dict[str, Session] = field(default_factory=dict)
    subjects: dict[str, str] = field(default_factory=dict)
    looks: list[Any] = field(default_factory=list)

    def add(self, event: Any) -> None:
        self.events.append(event)
        if event.type == "join":
            if event.subject is not None:
                self.subjects[event.session] = event.subject
            self.sessions[event.session] = Session(
                event.room,
                event.session,
                event.user_id,
                name(event),
                event.node,
                event.seq,
                event.at,
                event.replay_from,
                max(event.seen_at, event.at),
                minus(max(event.seen_at, event.at), _silence(event)),
            )
        elif event.type == "leave":
            session = self.sessions[event.session]
            session.left_seq, session.left_at, session.cause = event.seq, event.at, event.cause
            session.certain_until = session.uncertain_after = event.last_seen_at or event.at

    def of(self, room: str | None = None, type: str | None = None) -> Iterator[Any]:
        """Yield the events of a room and type."""
        for event in self.events:
            if room in {None, event.room} and type in {None, event.type}:
                yield event

    def sessions_in(self, room: str) -> list[Session]:
        return [session for session in self.sessions.values() if session.room == room]

    def sessions_of(self, username: str) -> list[Session]:
        return [session for session in self.sessions.values() if session.username == username]

    def said(self, room: str, told: dict[str, Any]) -> list[Any]:
        """Return the room's chats between the times ``from`` and ``to``."""
        chats = self.of(room, "chat")
        return [chat for chat in chats if told["from"] <= chat.at < told["to"]]


def name(event: Any) -> str:
    return "(erased)" if event.username is None else str(event.username)


def is_erased(event: Any) -> bool:
    return event.username is None or bool(event.text_erased)


def message(event: Any) -> str | None:
    return (event.text or "") if event.type == "chat" else None


async def fold_of(connection: AsyncConnection) -> LogFold:
    """LogFold the whole log."""
    folded = LogFold()
    for event in (await connection.execute(sa.text(_EVENTS))).all():
        folded.add(event)
    folded.looks = list((await connection.execute(sa.text(_LOOKS))).all())
    return folded


def group(items: Sequence[Any], key: Any) -> dict[Any, list[Any]]:
    """Return the items by their keys, in order of the keys."""
    found: dict[Any, list[Any]] = {}
    for item in items:
        found.setdefault(key(item), []).append(item)
    return {key: found[key] for key in sorted(found)}
