"""Indexes for questions about the past, so that an answer costs what it holds.

Who was present at a seq is a question for intervals that hold a point. No order of
intervals by one end finds them: of a million closed sessions, half begin before the
middle and half end after it. So sessions are ordered by the class of their length first:
of those shorter than 4^k events, only what began in the last 4^k events before the point
can hold it, and at least a part of that does. See ``chatlog/databases/lengths.py``.

Written out here rather than imported: a migration keeps its shape for ever.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

CLASSES = 20


def length_class(length: str) -> str:
    """Return the SQL of the smallest k with ``length < 4^k``, at most ``CLASSES`` + 1."""
    cases = " ".join(f"WHEN {length} < {4**k} THEN {k}" for k in range(1, CLASSES + 1))
    return f"(CASE {cases} ELSE {CLASSES + 1} END)"


INDEXES = {
    "sessions_stay": (
        f"sessions (room_id, {length_class('left_seq - joined_seq')}, joined_seq, left_seq)"
        " WHERE left_seq IS NOT NULL"
    ),
    "sessions_replay": (
        f"sessions (room_id, {length_class('joined_seq - replay_from')}, joined_seq,"
        " replay_from, user_id) WHERE replay_from < joined_seq"
    ),
    "sessions_room_user": "sessions (room_id, user_id, joined_seq)",
    # Each event that made a user present: when did those who are here arrive?
    "events_arrivals": "events (room_id, user_id, seq) WHERE type = 'join' AND sessions = 1",
    # As long as this has not grown, no byte of a past page has changed.
    "events_erasures": "events (room_id, seq) WHERE type = 'erasure'",
}


def upgrade() -> None:
    """Create the indexes."""
    for name, on in INDEXES.items():
        op.execute(f"CREATE INDEX {name} ON {on}")
    if op.get_bind().dialect.name == "postgresql":
        # Names of rooms are listed by code point on both databases.
        op.create_index("rooms_by_name", "rooms", [sa.text('room COLLATE "C"')])
