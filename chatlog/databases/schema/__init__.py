"""The tables. ``docs/log-format.md`` defines the columns that a verifier needs.

``events`` is the log; ``users`` and ``rooms`` define the ids in it; ``sessions`` is a projection
written in the same transaction; ``nodes`` holds the leases. The triggers are in the migrations.
Times are RFC 3339 text of 27 characters, UTC, so that audit views can use the indexes on them.
"""

from chatlog.databases.schema.columns import metadata, stored_bytes
from chatlog.databases.schema.log import (
    IS_PRIVATE,
    IS_PUBLIC,
    MEMBER,
    events,
    meta,
    nodes,
    rooms,
    sessions,
    skeleton_keys,
    skeleton_versions,
    subjects,
    users,
)
from chatlog.databases.schema.operating import (
    hooks,
    looks,
    retention,
    retention_changes,
    retention_defaults,
    revocations,
)
from chatlog.databases.schema.webhooks import webhook_rooms, webhooks

__all__ = [
    "IS_PRIVATE",
    "IS_PUBLIC",
    "MEMBER",
    "events",
    "hooks",
    "looks",
    "meta",
    "metadata",
    "nodes",
    "retention",
    "retention_changes",
    "retention_defaults",
    "revocations",
    "rooms",
    "sessions",
    "skeleton_keys",
    "skeleton_versions",
    "stored_bytes",
    "subjects",
    "users",
    "webhook_rooms",
    "webhooks",
]
