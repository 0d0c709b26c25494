"""Leases: each node says how long its own is, and an import when it was last heard of.

An import's ``seen_at`` is the time of the last event that it told: its people were surely
there until then, not until the process that told of them died, years later.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TIME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add the columns; nodes of before had the lease that was the default then."""
    lease = sa.Column("lease_seconds", sa.Float, nullable=False, server_default="15")
    op.add_column("nodes", lease)
    op.add_column("nodes", sa.Column("renewed_at", TIME))
