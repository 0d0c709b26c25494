"""A column for the erasable contents that a kind of event has besides its text.

It holds JSON, the contents by name, each with its salt; NULL if there are none or they were erased.
The commitments to them are in ``details`` and so part of the hash. Erasing has to empty it together
with the text, so the trigger that refuses changes of events is made anew; and like the other
columns with content it keeps no statistics on PostgreSQL.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ERASABLE = ("text", "text_salt", "contents")


def upgrade() -> None:
    """Add the column, and let it be emptied and nothing else."""
    op.add_column("events", sa.Column("contents", sa.Text))
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER events_no_update")
        op.execute(
            f"CREATE TRIGGER events_no_update BEFORE UPDATE ON events WHEN NOT "
            f"({_unchanged().replace('IS NOT DISTINCT FROM', 'IS')}) BEGIN SELECT "
            "RAISE(ABORT, 'events: a row is not changed, but for erasing its content'); END"
        )
    else:
        op.execute("ALTER TABLE events ALTER COLUMN contents SET STATISTICS 0")
        op.execute("DROP TRIGGER events_no_update ON events")
        op.execute(
            f"CREATE TRIGGER events_no_update BEFORE UPDATE ON events FOR EACH ROW "
            f"WHEN (NOT ({_unchanged()})) EXECUTE FUNCTION refuse_change()"
        )


def _unchanged() -> str:
    columns = [c["name"] for c in sa.inspect(op.get_bind()).get_columns("events")]
    same = [f'NEW."{c}" IS NOT DISTINCT FROM OLD."{c}"' for c in columns if c not in ERASABLE]
    return " AND ".join(same + [f'NEW."{c}" IS NULL' for c in ERASABLE])
