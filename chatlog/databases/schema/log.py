"""The log's tables: events, and what the ids in them mean.

No index holds content (names, texts): erased content must be gone from the file, and SQLite
leaves copies of moved index entries behind. Names are found by a keyed hash.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from chatlog.databases.lengths import REPLAY, SESSION
from chatlog.databases.schema.columns import NUMBER, TIME, metadata

MEMBER: Final[sa.ColumnElement[str]] = sa.literal_column("'member'")
"""The type of member events; a parameter in its place would hide the partial indexes of them."""
IS_PUBLIC: Final = """type = 'room' AND details NOT LIKE '%"access":"private"%'"""
"""The condition on ``events`` of the index of room events that do not make a room private."""
IS_PRIVATE: Final = """type = 'room' AND details LIKE '%"access":"private"%'"""
"""The condition on ``events`` of the index of room events that make a room private."""

meta = sa.Table(
    "meta",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.LargeBinary, nullable=False),
)

nodes = sa.Table(
    "nodes",
    metadata,
    sa.Column("id", NUMBER, primary_key=True, autoincrement=False),
    sa.Column("node", sa.Text, nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("started_at", TIME, nullable=False),
    sa.Column("seen_at", TIME, nullable=False),
    sa.Column("ended_at", TIME),
    sa.Column("lease_seconds", sa.Float, nullable=False, server_default="15"),
    # Only for an import, whose seen_at is the time of its last imported event.
    sa.Column("renewed_at", TIME),
    # The position up to which the node has read the log and cleaned its caches.
    sa.Column("read_position", NUMBER),
    sa.Column("version", sa.Text),
)

rooms = sa.Table(
    "rooms",
    metadata,
    sa.Column("id", NUMBER, primary_key=True, autoincrement=False),
    sa.Column("uuid", sa.Text, nullable=False, unique=True),
    sa.Column("room", sa.Text, nullable=False, unique=True),
    # By code point, which is SQLite's default order of text.
    sa.Index("rooms_by_name", sa.text('room COLLATE "C"')).ddl_if(dialect="postgresql"),
)

# People who have proved who they are. ``user_id`` is the user of their present name.
subjects = sa.Table(
    "subjects",
    metadata,
    sa.Column("id", NUMBER, primary_key=True, autoincrement=False),
    sa.Column("uuid", sa.Text, nullable=False, unique=True),
    sa.Column("subject", sa.Text),
    sa.Column("salt", sa.LargeBinary),
    sa.Column("commitment", sa.LargeBinary, nullable=False),
    sa.Column("subject_key", sa.LargeBinary, index=True),
    sa.Column("user_id", NUMBER),
    sa.Column("is_renamed", sa.Boolean, nullable=False, server_default=sa.false()),
)

users = sa.Table(
    "users",
    metadata,
    sa.Column("id", NUMBER, primary_key=True, autoincrement=False),
    sa.Column("uuid", sa.Text, nullable=False, unique=True),
    sa.Column("username", sa.Text),
    sa.Column("salt", sa.LargeBinary),
    sa.Column("commitment", sa.LargeBinary, nullable=False),
    sa.Column("name_key", sa.LargeBinary, index=True),
    sa.Column("subject_id", NUMBER, sa.ForeignKey("subjects.id"), index=True),
)

# Each with the number of the user up to which it has all keys; see ``skeleton_keys.py``.
skeleton_versions = sa.Table(
    "skeleton_versions",
    metadata,
    sa.Column("id", NUMBER, primary_key=True, autoincrement=False),
    sa.Column("version", sa.Text, nullable=False, unique=True),
    sa.Column("keyed_until", NUMBER, nullable=False),
)

# Finds names that look alike.
skeleton_keys = sa.Table(
    "skeleton_keys",
    metadata,
    sa.Column("user_id", NUMBER, sa.ForeignKey("users.id"), primary_key=True),
    sa.Column("version_id", NUMBER, sa.ForeignKey("skeleton_versions.id"), primary_key=True),
    sa.Column("skeleton_key", sa.LargeBinary, nullable=False),
    sa.Index("skeleton_keys_version", "version_id", "skeleton_key"),
)

events = sa.Table(
    "events",
    metadata,
    sa.Column("position", NUMBER, primary_key=True, autoincrement=False),
    sa.Column("room_id", NUMBER, sa.ForeignKey("rooms.id"), nullable=False),
    sa.Column("seq", NUMBER, nullable=False),
    sa.Column("at", TIME, nullable=False),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("version", sa.SmallInteger, nullable=False),
    sa.Column("user_id", NUMBER, sa.ForeignKey("users.id"), nullable=False),
    sa.Column("node_id", NUMBER, sa.ForeignKey("nodes.id"), nullable=False),
    sa.Column("session", sa.Text),
    sa.Column("client_id", sa.Text),
    sa.Column("cause", sa.Text),
    sa.Column("last_seen_at", TIME),
    sa.Column("sessions", sa.Integer),
    sa.Column("replay_from", NUMBER),
    sa.Column("of", sa.Text),
    sa.Column("details", sa.Text),
    sa.Column("hash", sa.LargeBinary, nullable=False),
    sa.Column("text_commitment", sa.LargeBinary),
    sa.Column("text_salt", sa.LargeBinary),
    sa.Column("text", sa.Text),
    sa.Column("contents", sa.Text),
    sa.Index("events_room_seq", "room_id", "seq", unique=True),
    # Pages of some types of event.
    sa.Index("events_room_type", "room_id", "type", "seq"),
    # Type and user are included for the hours of audit_activity.
    sa.Index("events_room_at", "room_id", "at", "type", "user_id"),
    # A user's events, overall and in a room.
    sa.Index("events_user", "user_id", "room_id"),
    # Arrivals: each event that made a user present.
    sa.Index(
        "events_arrivals",
        "room_id",
        "user_id",
        "seq",
        sqlite_where=sa.text("type = 'join' AND sessions = 1"),
        postgresql_where=sa.text("type = 'join' AND sessions = 1"),
    ),
    # As long as this has not grown, no byte of a past page has changed.
    sa.Index(
        "events_erasures",
        "room_id",
        "seq",
        sqlite_where=sa.text("type = 'erasure'"),
        postgresql_where=sa.text("type = 'erasure'"),
    ),
    # Who got a role, by user id.
    sa.Index(
        "events_members",
        "room_id",
        "of",
        "seq",
        sqlite_where=sa.text("type = 'member'"),
        postgresql_where=sa.text("type = 'member'"),
    ),
    # A subject's roles in all rooms.
    sa.Index(
        "events_members_of",
        "of",
        sqlite_where=sa.text("type = 'member'"),
        postgresql_where=sa.text("type = 'member'"),
    ),
    # The other room events. Together in one index, what is secret would be read with what is not.
    sa.Index(
        "events_private",
        "room_id",
        "seq",
        sqlite_where=sa.text(IS_PRIVATE),
        postgresql_where=sa.text(IS_PRIVATE),
    ),
    # The rooms that were made private and are seen by others now.
    sa.Index(
        "events_public",
        "room_id",
        "seq",
        sqlite_where=sa.text(IS_PUBLIC),
        postgresql_where=sa.text(IS_PUBLIC),
    ),
    # Who removed others, by user id.
    sa.Index(
        "events_removals",
        "of",
        "room_id",
        sqlite_where=sa.text("type = 'leave' AND \"of\" IS NOT NULL"),
        postgresql_where=sa.text("type = 'leave' AND \"of\" IS NOT NULL"),
    ),
    # Client ids begin with a time (UUIDv7), so this index grows at its end.
    sa.Index(
        "events_client_id",
        "client_id",
        "user_id",
        "room_id",
        unique=True,
        sqlite_where=sa.text("client_id IS NOT NULL"),
        postgresql_where=sa.text("client_id IS NOT NULL"),
    ),
)

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("session", sa.Text, primary_key=True),
    sa.Column("room_id", NUMBER, sa.ForeignKey("rooms.id"), nullable=False),
    sa.Column("user_id", NUMBER, sa.ForeignKey("users.id"), nullable=False),
    sa.Column("node_id", NUMBER, sa.ForeignKey("nodes.id"), nullable=False),
    sa.Column("joined_seq", NUMBER, nullable=False),
    sa.Column("joined_at", TIME, nullable=False),
    sa.Column("replay_from", NUMBER, nullable=False),
    sa.Column("left_seq", NUMBER),
    sa.Column("left_at", TIME),
    sa.Column("cause", sa.Text),
    sa.Column("last_seen_at", TIME),
    sa.Index("sessions_room_joined", "room_id", "joined_seq"),
    sa.Index("sessions_user", "user_id"),
    sa.Index("sessions_room_user", "room_id", "user_id", "joined_seq"),
    # To find the sessions or replays that contain a point; see ``lengths``.
    sa.Index(
        "sessions_stay",
        "room_id",
        sa.text(SESSION),
        "joined_seq",
        "left_seq",
        sqlite_where=sa.text("left_seq IS NOT NULL"),
        postgresql_where=sa.text("left_seq IS NOT NULL"),
    ),
    sa.Index(
        "sessions_replay",
        "room_id",
        sa.text(REPLAY),
        "joined_seq",
        "replay_from",
        "user_id",
        sqlite_where=sa.text("replay_from < joined_seq"),
        postgresql_where=sa.text("replay_from < joined_seq"),
    ),
    # For presence, and for sessions that a dead node left open: one row per open session.
    sa.Index(
        "sessions_open",
        "room_id",
        "node_id",
        sqlite_where=sa.text("left_seq IS NULL"),
        postgresql_where=sa.text("left_seq IS NULL"),
    ),
)
