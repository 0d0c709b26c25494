"""Doors in the view of events: by which one a command came, and what an erasure is of."""

from pathlib import Path

from alembic import op

from chatlog.databases.views import statements

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

VIEWS = Path(__file__).parent.parent / "views" / revision


def upgrade() -> None:
    """Make the view anew."""
    dialect = op.get_bind().dialect.name
    if dialect == "sqlite":
        op.execute("DROP VIEW audit_events")
    for statement in statements(VIEWS, dialect):
        op.execute(statement.replace(":", "\\:"))
