"""Webhooks, and how far each has delivered the events of each room."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
TIME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
# What SQLite's planner expects; see 0003.
EXPECTED = {
    "webhooks": {"sqlite_autoindex_webhooks_1": "10 1"},
    "webhook_rooms": {"sqlite_autoindex_webhook_rooms_1": "10000 1000 1"},
}


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "webhooks",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("webhook", sa.Text, nullable=False, unique=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("rooms", sa.Text),
        sa.Column("types", sa.Text),
        sa.Column("secret", sa.LargeBinary, nullable=False),
        sa.Column("former_secret", sa.LargeBinary),
        sa.Column("former_until", TIME),
        sa.Column("position", NUMBER, nullable=False),
        sa.Column("disabled_at", TIME),
        sa.Column("revision", NUMBER, nullable=False),
        sa.Column("node_id", NUMBER, sa.ForeignKey("nodes.id")),
    )
    op.create_table(
        "webhook_rooms",
        sa.Column("webhook_id", NUMBER, sa.ForeignKey("webhooks.id"), primary_key=True),
        sa.Column("room_id", NUMBER, sa.ForeignKey("rooms.id"), primary_key=True),
        sa.Column("seq", NUMBER, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", TIME),
        sa.Column("is_failing", sa.Boolean, nullable=False),
        sa.Column("answered_at", TIME),
        sa.Column("answer", sa.Text),
    )
    if op.get_bind().dialect.name == "sqlite":
        _expect_a_long_log()
    else:  # secrets are in no statistics; see 0008
        for column in ("url", "secret", "former_secret"):
            op.execute(f"ALTER TABLE webhooks ALTER COLUMN {column} SET STATISTICS 0")


def _expect_a_long_log() -> None:
    op.execute("ANALYZE meta")  # makes the table of statistics where somebody dropped it
    names = ("tbl", "idx", "stat")
    statistics = sa.table("sqlite_stat1", *map(sa.column, names))
    rows = [(tbl, idx, stat) for tbl, found in EXPECTED.items() for idx, stat in found.items()]
    op.bulk_insert(statistics, [dict(zip(names, row, strict=True)) for row in rows])
