"""A column for what a kind of event has to say beyond the columns that are there.

It holds canonical JSON, NULL where there is nothing to say, and is part of the hash. So a
later kind of event needs no column of its own. The trigger that refuses changes of events
lists the columns, so it is made anew.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ERASABLE = ("text", "text_salt")


def upgrade() -> None:
    """Add the column, and protect it like the others."""
    op.add_column("events", sa.Column("details", sa.Text))
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER events_no_update")
        op.execute(
            f"CREATE TRIGGER events_no_update BEFORE UPDATE ON events WHEN NOT "
            f"({_unchanged().replace('IS NOT DISTINCT FROM', 'IS')}) BEGIN SELECT "
            "RAISE(ABORT, 'events: a row is not changed, but for erasing its content'); END"
        )
    else:
        op.execute("DROP TRIGGER events_no_update ON events")
        op.execute(
            f"CREATE TRIGGER events_no_update BEFORE UPDATE ON events FOR EACH ROW "
            f"WHEN (NOT ({_unchanged()})) EXECUTE FUNCTION refuse_change()"
        )


def _unchanged() -> str:
    columns = [c["name"] for c in sa.inspect(op.get_bind()).get_columns("events")]
    same = [f'NEW."{c}" IS NOT DISTINCT FROM OLD."{c}"' for c in columns if c not in ERASABLE]
    return " AND ".join(same + [f'NEW."{c}" IS NULL' for c in ERASABLE])
