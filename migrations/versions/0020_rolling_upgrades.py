"""Nodes of different versions on one log, and how far each node has read.

``schema_version.serves_from`` is the oldest revision whose programs may still serve this one. It
is beside the revision because whoever reads the one must be able to read the other.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Add the columns; NULL is what earlier programs have left unsaid."""
    op.add_column("nodes", sa.Column("read_position", NUMBER))
    op.add_column("nodes", sa.Column("version", sa.Text))
    op.add_column("schema_version", sa.Column("serves_from", sa.Text))
