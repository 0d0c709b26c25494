"""People in the views: subjects, roles, states of rooms, removals, and what auditors looked at."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

from chatlog.databases.views import statements

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

VIEWS = Path(__file__).parent.parent / "views" / revision
REPLACED = ("audit_events", "audit_messages", "audit_presence", "audit_sessions")
# What SQLite's planner expects; see 0003.
EXPECTED = {
    "events": {"events_members_of": "100000 20", "events_public": "20000 10 1"},
    "looks": {"looks_room_at": "100000 100 1", "looks_at": "100000 1"},
}


def upgrade() -> None:
    """Add the indexes that the views need, and make the views anew."""
    dialect = op.get_bind().dialect.name
    _create_indexes()
    if dialect == "sqlite":
        for view in REPLACED:
            op.execute(f"DROP VIEW {view}")
    for statement in statements(VIEWS, dialect):
        op.execute(statement.replace(":", "\\:"))
    if dialect == "sqlite":
        _expect_a_long_log()


def _create_indexes() -> None:
    is_member = sa.text("type = 'member'")
    op.create_index(
        "events_members_of",
        "events",
        ["of"],
        sqlite_where=is_member,
        postgresql_where=is_member,
    )
    is_public = sa.text("type = 'room' AND details NOT LIKE '%\"access\":\"private\"%'")
    op.create_index(
        "events_public",
        "events",
        ["room_id", "seq"],
        sqlite_where=is_public,
        postgresql_where=is_public,
    )
    op.drop_index("looks_room", "looks")
    op.create_index("looks_room_at", "looks", ["room_id", "at"])
    op.create_index("looks_at", "looks", ["at"])


def _expect_a_long_log() -> None:
    op.execute("ANALYZE meta")  # makes the table of statistics where somebody dropped it
    op.execute("DELETE FROM sqlite_stat1 WHERE idx = 'looks_room'")
    names = ("tbl", "idx", "stat")
    statistics = sa.table("sqlite_stat1", *map(sa.column, names))
    rows = [(tbl, idx, stat) for tbl, found in EXPECTED.items() for idx, stat in found.items()]
    op.bulk_insert(statistics, [dict(zip(names, row, strict=True)) for row in rows])
