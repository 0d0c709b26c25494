"""The audit views, and the indexes that pay for them.

The views' SQL lies in ``migrations/views/0003``, a file a view for both databases; see
``chatlog/databases/views.py``. Files of a revision that was released are never edited: a later
revision brings its own.
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

from chatlog.databases.views import statements

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

VIEWS = Path(__file__).parent.parent / "views" / revision

# SQLite plans by these statistics. Without any it takes every table for equally long, and reads
# all events to find what one person said. ANALYZE would write them, but the server never runs
# it: plans that change with the day are worse than ones for a log of ten million events, a
# thousand rooms, which no small log minds. Few people are given, since SQLite expects a name to
# fit a quarter of them. Per index: rows, then how many have the same first column, the same
# first two … Whoever adds an index adds its row: one without looks better than those that have.
EXPECTED = {
    "nodes": {"sqlite_autoindex_nodes_1": "100 1"},
    "rooms": {"sqlite_autoindex_rooms_1": "1000 1", "sqlite_autoindex_rooms_2": "1000 1"},
    "users": {"sqlite_autoindex_users_1": "2000 1", "ix_users_name_key": "2000 1"},
    "events": {
        "events_room_seq": "10000000 10000 1",
        "events_room_at": "10000000 10000 1 1 1",
        "events_user": "10000000 200 2",
        "events_client_id": "9000000 1 1 1",
        "events_arrivals": "400000 400 4 1",
        "events_erasures": "1000 10 1",
    },
    "sessions": {
        "sqlite_autoindex_sessions_1": "500000 1",
        "sessions_room_joined": "500000 500 1",
        "sessions_user": "500000 10",
        "sessions_room_user": "500000 500 5 1",
        "sessions_open": "1000 10 5",
        "sessions_stay": "500000 500 60 1 1",
        "sessions_replay": "400000 400 50 1 1 1",
    },
}


def upgrade() -> None:
    """Move forward. There is no way back: the log is append-only."""
    dialect = op.get_bind().dialect.name
    # What somebody did, and did in a room; on SQLite it has the position in it, too.
    op.create_index("events_user", "events", ["user_id", "room_id"])
    # With type and user in it, a room's hours are counted without a look at its events: 1 s
    # instead of 9 s for a million of them. Appending takes as long as before.
    op.drop_index("events_room_at", "events")
    op.create_index("events_room_at", "events", ["room_id", "at", "type", "user_id"])
    for statement in statements(VIEWS, dialect):
        op.execute(statement.replace(":", "\\:"))
    if dialect == "sqlite":
        _expect_a_long_log()


def _expect_a_long_log() -> None:
    op.execute("ANALYZE meta")  # which makes the table of statistics, and costs nothing
    names = ("tbl", "idx", "stat")
    statistics = sa.table("sqlite_stat1", *map(sa.column, names))
    rows = [(tbl, idx, stat) for tbl, found in EXPECTED.items() for idx, stat in found.items()]
    op.bulk_insert(statistics, [dict(zip(names, row, strict=True)) for row in rows])
