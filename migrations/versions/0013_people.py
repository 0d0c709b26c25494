"""Subjects: the people behind users, where people prove who they are, and what they look at.

A user is a subject under one of its names. Names that look alike are found by a keyed hash of
their skeletons.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
TIME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
# What may become NULL, and nothing else, once a person is erased; see 0001.
ERASABLE = {
    "subjects": ("subject", "salt", "subject_key"),
    "users": ("username", "salt", "name_key", "skeleton_key"),
}
CHANGING = {"subjects": ("user_id", "is_renamed"), "users": ()}
# What SQLite's planner expects; see 0003.
EXPECTED = {
    "subjects": {
        "sqlite_autoindex_subjects_1": "2000 1",
        "ix_subjects_subject_key": "2000 1",
    },
    "users": {"ix_users_subject_id": "2000 1", "ix_users_skeleton_key": "2000 1"},
    "events": {"events_members": "100000 100 2 1", "events_removals": "1000 10 2"},
    "looks": {"ix_looks_user_id": "100000 1000", "looks_room": "100000 100 1"},
}


def upgrade() -> None:
    """Add the tables of subjects and looks, and the columns of users that belong to a subject."""
    _create_subjects()
    _create_looks()
    op.create_index(
        "events_members",
        "events",
        ["room_id", "of", "seq"],
        sqlite_where=sa.text("type = 'member'"),
        postgresql_where=sa.text("type = 'member'"),
    )
    op.create_index(
        "events_removals",
        "events",
        ["of", "room_id"],
        sqlite_where=sa.text("type = 'leave' AND \"of\" IS NOT NULL"),
        postgresql_where=sa.text("type = 'leave' AND \"of\" IS NOT NULL"),
    )
    if op.get_bind().dialect.name == "sqlite":
        _protect_sqlite()
        _expect_a_long_log()
    else:
        _protect_postgresql()


def _create_subjects() -> None:
    op.create_table(
        "subjects",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("uuid", sa.Text, nullable=False, unique=True),
        sa.Column("subject", sa.Text),
        sa.Column("salt", sa.LargeBinary),
        sa.Column("commitment", sa.LargeBinary, nullable=False),
        sa.Column("subject_key", sa.LargeBinary),
        sa.Column("user_id", NUMBER),
        sa.Column("is_renamed", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.create_index("ix_subjects_subject_key", "subjects", ["subject_key"])
    if op.get_bind().dialect.name == "sqlite":  # which alters no constraints, but adds this
        op.execute("ALTER TABLE users ADD COLUMN subject_id INTEGER REFERENCES subjects (id)")
    else:
        op.add_column("users", sa.Column("subject_id", NUMBER, sa.ForeignKey("subjects.id")))
    op.add_column("users", sa.Column("skeleton_key", sa.LargeBinary))
    op.create_index("ix_users_subject_id", "users", ["subject_id"])
    op.create_index("ix_users_skeleton_key", "users", ["skeleton_key"])


def _create_looks() -> None:
    op.create_table(
        "looks",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("user_id", NUMBER, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("room_id", NUMBER, sa.ForeignKey("rooms.id")),
        sa.Column("seq", NUMBER),
    )
    op.create_index("ix_looks_user_id", "looks", ["user_id"])
    op.create_index("looks_room", "looks", ["room_id", "id"])


def _unchanged(table: str) -> str:
    columns = [c["name"] for c in sa.inspect(op.get_bind()).get_columns(table)]
    kept = [c for c in columns if c not in (*ERASABLE[table], *CHANGING[table])]
    same = [f'NEW."{c}" IS NOT DISTINCT FROM OLD."{c}"' for c in kept]
    erased = " AND ".join(f'NEW."{c}" IS NULL' for c in ERASABLE[table])
    if not CHANGING[table]:
        return " AND ".join([*same, erased])
    held = [f'NEW."{c}" IS NOT DISTINCT FROM OLD."{c}"' for c in ERASABLE[table]]
    return " AND ".join([*same, f"(({' AND '.join(held)}) OR ({erased}))"])


# A look goes with the person who looked: their name goes first.
_IS_SOMEBODYS = "EXISTS (SELECT 1 FROM users WHERE id = OLD.user_id AND username IS NOT NULL)"


def _protect_sqlite() -> None:
    op.execute("DROP TRIGGER users_no_update")
    for table in ERASABLE:
        unchanged = _unchanged(table).replace("IS NOT DISTINCT FROM", "IS")
        op.execute(
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} WHEN NOT ({unchanged}) "
            f"BEGIN SELECT RAISE(ABORT, '{table}: a row is not changed, but for erasing its "
            "content'); END"
        )
    op.execute(
        "CREATE TRIGGER subjects_no_delete BEFORE DELETE ON subjects "
        "BEGIN SELECT RAISE(ABORT, 'subjects: a row is never deleted'); END"
    )
    op.execute(
        "CREATE TRIGGER subjects_no_replace BEFORE INSERT ON subjects WHEN "
        "EXISTS (SELECT 1 FROM subjects WHERE id = NEW.id OR uuid = NEW.uuid) "
        "BEGIN SELECT RAISE(ABORT, 'subjects: a row is never replaced'); END"
    )
    op.execute(
        "CREATE TRIGGER looks_no_update BEFORE UPDATE ON looks "
        "BEGIN SELECT RAISE(ABORT, 'looks: rows are only added'); END"
    )
    op.execute(
        f"CREATE TRIGGER looks_no_delete BEFORE DELETE ON looks WHEN {_IS_SOMEBODYS} "
        "BEGIN SELECT RAISE(ABORT, 'looks: rows are only added'); END"
    )
    op.execute(
        "CREATE TRIGGER looks_no_replace BEFORE INSERT ON looks WHEN "
        "EXISTS (SELECT 1 FROM looks WHERE id = NEW.id) "
        "BEGIN SELECT RAISE(ABORT, 'looks: rows are only added'); END"
    )


def _protect_postgresql() -> None:
    for table, columns in (("subjects", ERASABLE["subjects"]), ("users", ("skeleton_key",))):
        for column in columns:  # content is in no statistics; see 0008
            op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS 0")
    op.execute("DROP TRIGGER users_no_update ON users")
    for table in ERASABLE:
        op.execute(
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} FOR EACH ROW "
            f"WHEN (NOT ({_unchanged(table)})) EXECUTE FUNCTION refuse_change()"
        )
    for what, each in (("DELETE", "ROW"), ("TRUNCATE", "STATEMENT")):
        op.execute(
            f"CREATE TRIGGER subjects_no_{what.lower()} BEFORE {what} ON subjects "
            f"FOR EACH {each} EXECUTE FUNCTION refuse_change()"
        )
    op.execute(
        "CREATE FUNCTION keep_looks() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {_IS_SOMEBODYS} THEN RAISE EXCEPTION 'looks: rows are only added'; END IF; "
        "RETURN OLD; END $$"
    )
    op.execute(
        "CREATE TRIGGER looks_no_delete BEFORE DELETE ON looks "
        "FOR EACH ROW EXECUTE FUNCTION keep_looks()"
    )
    for what, each in (("UPDATE", "ROW"), ("TRUNCATE", "STATEMENT")):
        op.execute(
            f"CREATE TRIGGER looks_no_{what.lower()} BEFORE {what} ON looks "
            f"FOR EACH {each} EXECUTE FUNCTION only_added()"
        )


def _expect_a_long_log() -> None:
    op.execute("ANALYZE meta")  # makes the table of statistics where somebody dropped it
    names = ("tbl", "idx", "stat")
    statistics = sa.table("sqlite_stat1", *map(sa.column, names))
    rows = [(tbl, idx, stat) for tbl, found in EXPECTED.items() for idx, stat in found.items()]
    op.bulk_insert(statistics, [dict(zip(names, row, strict=True)) for row in rows])
