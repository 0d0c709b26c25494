"""The rule for when a session that the log has as open is uncertain, for every answer.

A session is certain up to the last sign of life of its server, and beyond it only for as long as
a living server may be silent:

- Its end is in the log: it is uncertain past ``last_seen_at``, which only a lapsed session has.
- Its server is marked as ended: past the server's last renewal, or the join if that is later.
- Its server is not marked as ended: past that, and ``SILENT_LEASES`` durations of its lease
  (``--lease-seconds``). It may be dead although nobody was there to end it.

The column ``uncertain_after`` of the view ``audit_nodes`` is this rule in SQL for the open sessions
of a server, and ``audit_witnesses`` follows it.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from chatlog.audit.open_sessions import OPEN_SESSIONS
from chatlog.databases.schema import nodes
from chatlog.domain.times import minus

SILENT_LEASES: Final = 2
"""A server renews its lease every third of it. Silent for one lease, any other may end it;
for so many, it may be dead although nobody was there to end it."""

_IS_OPEN: Final = OPEN_SESSIONS.c.left_seq.is_(None)
_SEEN: Final = sa.case(
    (nodes.c.seen_at > OPEN_SESSIONS.c.joined_at, nodes.c.seen_at),
    else_=OPEN_SESSIONS.c.joined_at,
)
CERTAINTY: Final = (
    sa.case((_IS_OPEN, _SEEN), else_=OPEN_SESSIONS.c.last_seen_at).label("last_seen"),
    sa.case(
        (sa.and_(_IS_OPEN, nodes.c.ended_at.is_(None)), SILENT_LEASES * nodes.c.lease_seconds),
        else_=0.0,
    ).label("silent_seconds"),
)
"""The columns that ``is_uncertain`` needs, of open sessions joined with ``nodes``."""


def is_uncertain(last_seen: str | None, silent_seconds: float, at: str) -> bool:
    """Return whether an open session may have ended by a time, given its ``CERTAINTY``."""
    return last_seen is not None and last_seen < minus(at, silent_seconds)
