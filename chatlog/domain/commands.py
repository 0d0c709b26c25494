"""What somebody wants to happen: imperatives, decided under the log's lock.

``at`` is given only by imports, whose events keep their own times; everybody else's
time is the database's clock at the commit.
"""

from __future__ import annotations

from dataclasses import dataclass

from chatlog.domain.events import Cause


@dataclass(frozen=True, slots=True)
class Join:
    """Open ``session`` in ``room`` for the user of this name.

    Exactly one of ``backlog`` (how many chats to replay) and ``after`` (the seq to
    resume from, with the hash its reader saw) says where the replay begins.
    """

    room: str
    session: str
    username: str
    backlog: int | None = None
    after: int | None = None
    after_hash: str | None = None
    at: str | None = None


@dataclass(frozen=True, slots=True)
class Post:
    """Say ``message``; ``id`` makes saying it again harmless."""

    room: str
    session: str
    message: str
    id: str | None = None
    at: str | None = None


@dataclass(frozen=True, slots=True)
class Leave:
    """Close ``session`` in ``room``."""

    room: str
    session: str
    cause: Cause
    last_seen_at: str | None = None
    at: str | None = None


Command = Join | Post | Leave
