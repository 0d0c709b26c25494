"""One rule for who is uncertain: a server that is silent, but not marked as ended, is doubted too.

The views doubted only a server that something had marked as ended, and the view of sessions did
not say until when a user on a silent server counts as there.
"""

from pathlib import Path

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

VIEWS = Path(__file__).parent.parent / "views" / revision


def upgrade() -> None:
    """Make two views anew. PostgreSQL replaces them, so that what was granted on them stays."""
    dialect = op.get_bind().dialect.name
    for file in sorted((VIEWS / dialect).glob("*.sql")):
        if dialect == "sqlite":
            op.execute(f"DROP VIEW {file.stem}")
        op.execute(file.read_text(encoding="utf-8").replace(":", "\\:"))
