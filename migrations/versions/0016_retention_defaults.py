"""A default for rooms without a rule of retention, and the position of erasures in their view."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

from chatlog.databases.views import statements

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
TIME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
TABLE = "retention_defaults"
VIEWS = Path(__file__).parent.parent / "views" / revision
REPLACED = ("audit_erasures", "audit_retention")


def upgrade() -> None:
    """Create the table with its triggers, and make the views anew."""
    op.create_table(
        TABLE,
        sa.Column("id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("days", sa.Integer),
        sa.Column("names", sa.Boolean, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
    )
    dialect = op.get_bind().dialect.name
    if dialect == "sqlite":
        _protect_sqlite()
        for view in REPLACED:
            op.execute(f"DROP VIEW {view}")
    else:
        _protect_postgresql()
    for statement in statements(VIEWS, dialect):
        op.execute(statement.replace(":", "\\:"))


def _protect_sqlite() -> None:
    for what in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {TABLE}_no_{what.lower()} BEFORE {what} ON {TABLE} "
            f"BEGIN SELECT RAISE(ABORT, '{TABLE}: rows are only added'); END"
        )
    op.execute(
        f"CREATE TRIGGER {TABLE}_no_replace BEFORE INSERT ON {TABLE} WHEN "
        f"EXISTS (SELECT 1 FROM {TABLE} WHERE id = NEW.id) "
        f"BEGIN SELECT RAISE(ABORT, '{TABLE}: rows are only added'); END"
    )


def _protect_postgresql() -> None:
    for what, each in (("UPDATE", "ROW"), ("DELETE", "ROW"), ("TRUNCATE", "STATEMENT")):
        op.execute(
            f"CREATE TRIGGER {TABLE}_no_{what.lower()} BEFORE {what} ON {TABLE} "
            f"FOR EACH {each} EXECUTE FUNCTION only_added()"
        )
