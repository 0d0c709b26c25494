"""Tables of webhooks: where they deliver to, and how far each has come in each room."""

from __future__ import annotations

import sqlalchemy as sa

from chatlog.databases.schema.columns import NUMBER, TIME, metadata

# ``webhook`` is the public id, ``rooms`` and ``types`` JSON lists (NULL is all). The events up to
# ``position`` are delivered, or their rooms have a row in ``webhook_rooms``. ``node_id`` delivers.
webhooks = sa.Table(
    "webhooks",
    metadata,
    sa.Column("id", NUMBER, primary_key=True, autoincrement=False),
    sa.Column("webhook", sa.Text, nullable=False, unique=True),
    sa.Column("created_at", TIME, nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("rooms", sa.Text),
    sa.Column("types", sa.Text),
    sa.Column("secret", sa.LargeBinary, nullable=False),
    sa.Column("former_secret", sa.LargeBinary),
    sa.Column("former_until", TIME),
    sa.Column("position", NUMBER, nullable=False),
    sa.Column("disabled_at", TIME),
    # Grows when somebody changes the webhook, so that the node that delivers looks at it anew.
    sa.Column("revision", NUMBER, nullable=False),
    sa.Column("node_id", NUMBER, sa.ForeignKey("nodes.id")),
)

# The events of a room up to ``seq`` are delivered; the next one was tried ``attempts`` times.
webhook_rooms = sa.Table(
    "webhook_rooms",
    metadata,
    sa.Column("webhook_id", NUMBER, sa.ForeignKey("webhooks.id"), primary_key=True),
    sa.Column("room_id", NUMBER, sa.ForeignKey("rooms.id"), primary_key=True),
    sa.Column("seq", NUMBER, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("next_at", TIME),
    sa.Column("is_failing", sa.Boolean, nullable=False),
    sa.Column("answered_at", TIME),
    sa.Column("answer", sa.Text),
)
