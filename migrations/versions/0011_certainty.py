"""One rule for who is uncertain: a server that is silent, but not marked as ended, is doubted too.

The view of witnesses doubted only a server that something had marked as ended, and no view said
until when the users of a silent server count as there.
"""

from pathlib import Path

from alembic import op

from chatlog.databases.views import statements

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

VIEWS = Path(__file__).parent.parent / "views" / revision


def upgrade() -> None:
    """Add the view of nodes, and make that of witnesses anew."""
    dialect = op.get_bind().dialect.name
    if dialect == "sqlite":
        op.execute("DROP VIEW audit_witnesses")
    for statement in statements(VIEWS, dialect):
        op.execute(statement.replace(":", "\\:"))
