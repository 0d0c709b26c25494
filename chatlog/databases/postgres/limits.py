"""Time limits that PostgreSQL applies to a server's connections.

Whoever holds the log's lock keeps all others from appending, so a process that was stopped or a
host that was cut off must not hold it. The client's own limit of a command (``COMMAND_SECONDS``)
is of no use there: such a client does not apply it. Each limit covers what the one before leaves:

- the time between two statements of a transaction;
- the time that a statement waits for a lock, longer than the first, so that whoever waits behind
  a stopped process still succeeds, and shorter than the client's limit of a command;
- the time of a statement, likewise shorter: the server's refusal is definite;
- the time of a transaction, for a process that was stopped in the middle of sending a statement,
  which no other limit ends. PostgreSQL has this limit since version 17.

asyncpg sends a statement in two parts when it prepares it: at its first execution on a connection,
and through a pooler at each. So the middle of a statement is no rare moment, and a minute is longer
than a dead node's sessions may stay open. The other nodes end such a connection: ``end_stuck`` in
``living.py``.

None of them applies to a commit that waits for a synchronous standby.

A reader keeps nobody from appending, but a migration needs its tables, and vacuum its snapshot.
Commands whose readers are patient have no limit: whoever runs one may pause it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

IDLE_SECONDS: Final = 10
_IDLE: Final = {"idle_in_transaction_session_timeout": f"{IDLE_SECONDS}s"}

WRITER_LIMITS: Final = {
    **_IDLE,
    "lock_timeout": "15s",
    "statement_timeout": "18s",
    "transaction_timeout": "1min",
}

READER_LIMITS: Final = {
    **_IDLE,
    "statement_timeout": "18s",
    "transaction_timeout": "10min",  # an export over HTTP may read from one snapshot
}

MIGRATOR_LIMITS: Final = {
    **_IDLE,
    "lock_timeout": "20s",  # others wait behind it while it waits for readers of its tables
    "statement_timeout": "6h",
}

SINCE: Final[Mapping[str, int]] = {"transaction_timeout": 170_000}
"""The first ``server_version_num`` that has a setting, for settings that not all have."""
