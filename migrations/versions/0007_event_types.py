"""An index for pages of some types of event, so that a rare type costs what the page holds.

Without it a page of the three joins among 400,000 chats reads the room from end to end.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the index, and on SQLite what its planner expects of it (see 0003)."""
    op.create_index("events_room_type", "events", ["room_id", "type", "seq"])
    if op.get_bind().dialect.name == "sqlite":
        op.execute("ANALYZE meta")  # makes the table of statistics where somebody dropped it
        statistics = sa.table("sqlite_stat1", *map(sa.column, ("tbl", "idx", "stat")))
        row = {"tbl": "events", "idx": "events_room_type", "stat": "10000000 10000 3000 1"}
        op.bulk_insert(statistics, [row])
