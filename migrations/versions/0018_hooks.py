"""The addresses at which programs post."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
TIME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "hooks",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("room", sa.Text, nullable=False),
        sa.Column("token_hash", sa.LargeBinary, nullable=False, unique=True),
    )
    if op.get_bind().dialect.name == "sqlite":
        _expect_many()


def _expect_many() -> None:
    op.execute("ANALYZE meta")  # makes the table of statistics where somebody dropped it
    names = ("tbl", "idx", "stat")
    statistics = sa.table("sqlite_stat1", *map(sa.column, names))
    row = ("hooks", "sqlite_autoindex_hooks_1", "100 1")
    op.bulk_insert(statistics, [dict(zip(names, row, strict=True))])
