"""The log: events, the rooms and users they speak of, sessions, nodes.

The triggers are what makes events unchangeable for everybody, us included: an UPDATE
may only drop content (that is how it is erased), a DELETE nothing, and an INSERT must be
the next in its room and in the log, which also stops ``INSERT OR REPLACE``.
"""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
TIME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

# The columns of each table that may be set to NULL, and nothing else, ever.
ERASABLE = {"events": ("text", "text_salt"), "users": ("username", "salt", "name_key"), "rooms": ()}


def upgrade() -> None:
    """Create everything; the secret is made here so that every node shares it."""
    _create_ids()
    _create_events()
    _create_sessions()
    if op.get_bind().dialect.name == "sqlite":
        _protect_sqlite()
    else:
        _protect_postgresql()
    meta = sa.table("meta", sa.column("name"), sa.column("value"))
    op.bulk_insert(meta, [{"name": "name_secret", "value": secrets.token_bytes(32)}])


def _number(name: str, *, primary_key: bool = False, nullable: bool = True) -> "sa.Column[int]":
    nullable = nullable and not primary_key
    return sa.Column(name, NUMBER, primary_key=primary_key, nullable=nullable, autoincrement=False)


def _reference(name: str, target: str) -> "sa.Column[int]":
    return sa.Column(name, NUMBER, sa.ForeignKey(f"{target}.id"), nullable=False)


def _create_ids() -> None:
    op.create_table(
        "meta",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "nodes",
        _number("id", primary_key=True),
        sa.Column("node", sa.Text, nullable=False, unique=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.Column("ended_at", TIME),
    )
    op.create_table(
        "rooms",
        _number("id", primary_key=True),
        sa.Column("uuid", sa.Text, nullable=False, unique=True),
        sa.Column("room", sa.Text, nullable=False, unique=True),
    )
    op.create_table(
        "users",
        _number("id", primary_key=True),
        sa.Column("uuid", sa.Text, nullable=False, unique=True),
        sa.Column("username", sa.Text),
        sa.Column("salt", sa.LargeBinary),
        sa.Column("commitment", sa.LargeBinary, nullable=False),
        sa.Column("name_key", sa.LargeBinary, index=True),
    )


def _create_events() -> None:
    op.create_table(
        "events",
        _number("position", primary_key=True),
        _reference("room_id", "rooms"),
        _number("seq", nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("version", sa.SmallInteger, nullable=False),
        _reference("user_id", "users"),
        _reference("node_id", "nodes"),
        sa.Column("session", sa.Text),
        sa.Column("client_id", sa.Text),
        sa.Column("cause", sa.Text),
        sa.Column("last_seen_at", TIME),
        sa.Column("sessions", sa.Integer),
        _number("replay_from"),
        sa.Column("of", sa.Text),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("text_commitment", sa.LargeBinary),
        sa.Column("text_salt", sa.LargeBinary),
        sa.Column("text", sa.Text),
    )
    op.create_index("events_room_seq", "events", ["room_id", "seq"], unique=True)
    op.create_index("events_room_at", "events", ["room_id", "at"])
    with_id = sa.text("client_id IS NOT NULL")
    op.create_index(
        "events_client_id",
        "events",
        ["client_id", "user_id", "room_id"],
        unique=True,
        sqlite_where=with_id,
        postgresql_where=with_id,
    )


def _create_sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("session", sa.Text, primary_key=True),
        _reference("room_id", "rooms"),
        _reference("user_id", "users"),
        _reference("node_id", "nodes"),
        _number("joined_seq", nullable=False),
        sa.Column("joined_at", TIME, nullable=False),
        _number("replay_from", nullable=False),
        _number("left_seq"),
        sa.Column("left_at", TIME),
        sa.Column("cause", sa.Text),
        sa.Column("last_seen_at", TIME),
    )
    op.create_index("sessions_room_joined", "sessions", ["room_id", "joined_seq"])
    op.create_index("sessions_user", "sessions", ["user_id"])
    still_open = sa.text("left_seq IS NULL")
    op.create_index(
        "sessions_open",
        "sessions",
        ["room_id", "node_id"],
        sqlite_where=still_open,
        postgresql_where=still_open,
    )


def _unchanged(table: str) -> str:
    """Return the SQL condition that a changed row differs in nothing but erased content."""
    erasable = ERASABLE[table]
    columns = [c["name"] for c in sa.inspect(op.get_bind()).get_columns(table)]
    same = [f'NEW."{c}" IS NOT DISTINCT FROM OLD."{c}"' for c in columns if c not in erasable]
    gone = [f'NEW."{c}" IS NULL' for c in erasable]
    return " AND ".join(same + (gone or ["FALSE"]))


def _protect_sqlite() -> None:
    for table, erasable in ERASABLE.items():
        unchanged = _unchanged(table).replace("IS NOT DISTINCT FROM", "IS")
        what = "but for erasing its content" if erasable else "never"
        op.execute(
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} WHEN NOT ({unchanged}) "
            f"BEGIN SELECT RAISE(ABORT, '{table}: a row is not changed, {what}'); END"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table}: a row is never deleted'); END"
        )
    # One look-up each: the last position, the last seq of the room, the id. The index is named,
    # since without statistics SQLite takes another, and reads the whole room for each insert.
    op.execute(
        "CREATE TRIGGER events_in_order BEFORE INSERT ON events WHEN "
        "NEW.position IS NOT (SELECT coalesce(max(position), 0) + 1 FROM events) OR "
        "NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM events INDEXED BY events_room_seq "
        "WHERE room_id = NEW.room_id) "
        "OR EXISTS (SELECT 1 FROM events WHERE client_id = NEW.client_id "
        "AND user_id = NEW.user_id AND room_id = NEW.room_id) "
        "BEGIN SELECT RAISE(ABORT, 'events: only the next event is appended'); END"
    )
    for table in ("rooms", "users"):
        name = " OR room = NEW.room" if table == "rooms" else ""
        op.execute(
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN "
            f"EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id OR uuid = NEW.uuid{name}) "
            f"BEGIN SELECT RAISE(ABORT, '{table}: a row is never replaced'); END"
        )


def _protect_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION '%: a row is never changed, but for erasing its content', TG_TABLE_NAME; "
        "END $$"
    )
    for table in ERASABLE:
        op.execute(
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} FOR EACH ROW "
            f"WHEN (NOT ({_unchanged(table)})) EXECUTE FUNCTION refuse_change()"
        )
        for what, each in (("DELETE", "ROW"), ("TRUNCATE", "STATEMENT")):
            op.execute(
                f"CREATE TRIGGER {table}_no_{what.lower()} BEFORE {what} ON {table} "
                f"FOR EACH {each} EXECUTE FUNCTION refuse_change()"
            )
    op.execute(
        "CREATE FUNCTION refuse_disorder() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF NEW.position <> (SELECT coalesce(max(position), 0) + 1 FROM events) OR NEW.seq <> "
        "(SELECT coalesce(max(seq), 0) + 1 FROM events WHERE room_id = NEW.room_id) THEN "
        "RAISE EXCEPTION 'events: only the next event is appended'; END IF; RETURN NEW; END $$"
    )
    op.execute(
        "CREATE TRIGGER events_in_order BEFORE INSERT ON events "
        "FOR EACH ROW EXECUTE FUNCTION refuse_disorder()"
    )
