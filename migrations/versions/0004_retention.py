"""Retention: for how many days a room keeps its texts, and whether names go too."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create the table; what it asks for is carried out by the server."""
    op.create_table(
        "retention",
        sa.Column(
            "room_id", NUMBER, sa.ForeignKey("rooms.id"), primary_key=True, autoincrement=False
        ),
        sa.Column("days", sa.Integer, nullable=False),
        sa.Column("names", sa.Boolean, nullable=False),
    )
