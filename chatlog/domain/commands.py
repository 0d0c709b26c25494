"""Commands: requests for an event, decided under the log's lock.

Only imports give ``at``, because their events keep their own times; all other events get the
time of the database's clock at the commit.
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
    """Post ``message``; ``id`` makes a repeat harmless."""

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
