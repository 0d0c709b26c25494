"""SQL that several modules share: the log's schema, its clock and its lock."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

SCHEMA: Final = "chatlog"

NOW: Final = "to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"

# Only a role with write privileges can lock a table in this mode or a conflicting one; any role
# that can connect can take an advisory lock. The lock does not block readers and pg_dump; `meta`
# never changes, so autovacuum does not conflict; and unlike a row lock, it writes nothing.
LOCK_LOG: Final = sa.text(f"LOCK TABLE {SCHEMA}.meta IN EXCLUSIVE MODE")
