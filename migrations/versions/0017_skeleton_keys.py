"""Keys of skeletons, a set for each version of Unicode's data: they change with it.

The keys that users had are of no known version. They go, and the program that opens the log makes
those of its own version.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
ERASABLE = ("username", "salt", "name_key")
# What SQLite's planner expects; see 0003.
EXPECTED = {
    "skeleton_versions": {"sqlite_autoindex_skeleton_versions_1": "3 1"},
    "skeleton_keys": {
        "sqlite_autoindex_skeleton_keys_1": "100000 2 1",
        "skeleton_keys_version": "100000 30000 1",
    },
}


def upgrade() -> None:
    """Create the tables, and take the keys from the users."""
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    _create_tables()
    op.execute(f"DROP TRIGGER users_no_update{'' if is_sqlite else ' ON users'}")
    op.drop_index("ix_users_skeleton_key", "users")
    if is_sqlite:
        _drop_column_sqlite()
        _protect_sqlite()
        _expect_a_long_log()
    else:
        op.drop_column("users", "skeleton_key")
        _protect_postgresql()


def _create_tables() -> None:
    op.create_table(
        "skeleton_versions",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("version", sa.Text, nullable=False, unique=True),
        sa.Column("keyed_until", NUMBER, nullable=False),
    )
    versions = sa.ForeignKey("skeleton_versions.id")
    op.create_table(
        "skeleton_keys",
        sa.Column("user_id", NUMBER, sa.ForeignKey("users.id"), primary_key=True),
        sa.Column("version_id", NUMBER, versions, primary_key=True),
        sa.Column("skeleton_key", sa.LargeBinary, nullable=False),
    )
    op.create_index("skeleton_keys_version", "skeleton_keys", ["version_id", "skeleton_key"])


def _drop_column_sqlite() -> None:
    # Otherwise SQLite refuses it for any view that somebody added and that no longer works.
    op.execute("PRAGMA writable_schema = ON")
    op.execute("ALTER TABLE users DROP COLUMN skeleton_key")
    op.execute("PRAGMA writable_schema = OFF")


def _unchanged() -> str:
    columns = [c["name"] for c in sa.inspect(op.get_bind()).get_columns("users")]
    same = [f'NEW."{c}" IS NOT DISTINCT FROM OLD."{c}"' for c in columns if c not in ERASABLE]
    return " AND ".join(same + [f'NEW."{c}" IS NULL' for c in ERASABLE])


def _protect_sqlite() -> None:
    unchanged = _unchanged().replace("IS NOT DISTINCT FROM", "IS")
    op.execute(
        f"CREATE TRIGGER users_no_update BEFORE UPDATE ON users WHEN NOT ({unchanged}) "
        "BEGIN SELECT RAISE(ABORT, 'users: a row is not changed, but for erasing its "
        "content'); END"
    )


def _protect_postgresql() -> None:
    # What is made from content is in no statistics; see 0008.
    op.execute("ALTER TABLE skeleton_keys ALTER COLUMN skeleton_key SET STATISTICS 0")
    op.execute(
        "CREATE TRIGGER users_no_update BEFORE UPDATE ON users FOR EACH ROW "
        f"WHEN (NOT ({_unchanged()})) EXECUTE FUNCTION refuse_change()"
    )


def _expect_a_long_log() -> None:
    op.execute("ANALYZE meta")  # makes the table of statistics where somebody dropped it
    op.execute("DELETE FROM sqlite_stat1 WHERE idx = 'ix_users_skeleton_key'")
    names = ("tbl", "idx", "stat")
    statistics = sa.table("sqlite_stat1", *map(sa.column, names))
    rows = [(tbl, idx, stat) for tbl, found in EXPECTED.items() for idx, stat in found.items()]
    op.bulk_insert(statistics, [dict(zip(names, row, strict=True)) for row in rows])
