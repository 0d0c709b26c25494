"""The tables beside the log: the operators' rules, and what they and auditors have done."""

from __future__ import annotations

import sqlalchemy as sa

from chatlog.databases.schema.columns import NUMBER, TIME, metadata

retention = sa.Table(
    "retention",
    metadata,
    sa.Column("room_id", NUMBER, sa.ForeignKey("rooms.id"), primary_key=True, autoincrement=False),
    sa.Column("days", sa.Integer, nullable=False),
    sa.Column("names", sa.Boolean, nullable=False),
)

# The changes of rules, append-only. ``days`` is NULL if a rule was ended.
retention_changes = sa.Table(
    "retention_changes",
    metadata,
    sa.Column("id", NUMBER, primary_key=True, autoincrement=False),
    sa.Column("room_id", NUMBER, sa.ForeignKey("rooms.id"), nullable=False),
    sa.Column("at", TIME, nullable=False),
    sa.Column("days", sa.Integer),
    sa.Column("names", sa.Boolean, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
)

# The same of the default for rooms without a rule, of which the last one holds.
retention_defaults = sa.Table(
    "retention_defaults",
    metadata,
    sa.Column("id", NUMBER, primary_key=True, autoincrement=False),
    sa.Column("at", TIME, nullable=False),
    sa.Column("days", sa.Integer),
    sa.Column("names", sa.Boolean, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
)

# What auditors have looked at, append-only but for the erasure of a person's own.
looks = sa.Table(
    "looks",
    metadata,
    sa.Column("id", NUMBER, primary_key=True, autoincrement=False),
    sa.Column("at", TIME, nullable=False),
    sa.Column("user_id", NUMBER, sa.ForeignKey("users.id"), nullable=False, index=True),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("room_id", NUMBER, sa.ForeignKey("rooms.id")),
    sa.Column("seq", NUMBER),
    sa.Index("looks_room_at", "room_id", "at"),
    sa.Index("looks_at", "at"),
)

# Append-only. ``key`` is a keyed hash, of a subject or of the id of a single token, by ``kind``.
revocations = sa.Table(
    "revocations",
    metadata,
    sa.Column("id", NUMBER, primary_key=True, autoincrement=False),
    sa.Column("at", TIME, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("key", sa.LargeBinary, nullable=False),
    sa.Column("issued_until", TIME),
)

# Addresses at which programs post; ``token_hash`` is the SHA-256 of the secret part.
hooks = sa.Table(
    "hooks",
    metadata,
    sa.Column("id", NUMBER, primary_key=True, autoincrement=False),
    sa.Column("at", TIME, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("room", sa.Text, nullable=False),
    sa.Column("token_hash", sa.LargeBinary, nullable=False, unique=True),
)
