"""Render the audit views: each is written once, with named fragments where dialects differ.

The SQL is in ``migrations/views``, a folder per revision, a file per view. What a revision has
released is never changed, to the letter: SQLite keeps a view's text, and ``chatlog verify``
compares it with that of a new log. A later revision brings files, and fragments, of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

# SQLite lets a view call json_each, and no other function of JSON, unless the schema is trusted.
# A subquery and not a join: who does not ask for it does not pay for it, and the planner begins
# with the users when it is asked for.
_SUBJECT: Final = """\
CASE
           WHEN u.subject_id IS NOT NULL
           THEN coalesce(
               (SELECT p.subject FROM subjects AS p WHERE p.id = u.subject_id),
               '(erased)'
           )
       END"""
# SQLite's arithmetic of times rounds to milliseconds, so seconds and microseconds are taken apart.
_SQLITE: Final = {
    "by_code_point": "",
    "by_open": " INDEXED BY sessions_open",
    "by_replay": " INDEXED BY sessions_replay",
    "by_stay": " INDEXED BY sessions_stay",
    "create_view": "CREATE VIEW",  # dropped before
    "cross": "CROSS ",  # SQLite never reorders it
    "details_access": "(SELECT d.atom FROM json_each(e.details, '$.access') AS d)",
    "details_history": "(SELECT d.atom FROM json_each(e.details, '$.history') AS d)",
    "details_locked": "(SELECT d.atom FROM json_each(e.details, '$.locked') AS d)",
    "details_role": "(SELECT d.atom FROM json_each(e.details, '$.role') AS d)",
    "details_until": "(SELECT d.atom FROM json_each(e.details, '$.until') AS d)",
    "details_via": "(SELECT d.atom FROM json_each(e.details, '$.via') AS d)",
    "erased_seq": "seqs.value",
    "erased_seqs": "json_each('[' || x.\"of\" || ']') AS seqs",
    "greatest": "max",
    "microseconds_from_last_seen": """\
(
               strftime('%s', substr(e.at, 1, 19))
               - strftime('%s', substr(max(n.seen_at, s.joined_at), 1, 19))
           ) * 1000000
               + substr(e.at, 21, 6) - substr(max(n.seen_at, s.joined_at), 21, 6)""",
    "room_key": "r.room",
    "seconds_from_joined_at_to_certain_until": """\
round(
           strftime('%s', substr(certain_until, 1, 19)) - strftime('%s', substr(joined_at, 1, 19))
           + (substr(certain_until, 21, 6) - substr(joined_at, 21, 6)) / 1e6,
           6
       )""",
    "seen_at_and_two_leases": """\
strftime(
               '%Y-%m-%dT%H:%M:%S',
               (
                   strftime('%s', substr(n.seen_at, 1, 19)) * 1000000 + substr(n.seen_at, 21, 6)
                   + CAST(round(2000000 * n.lease_seconds) AS INTEGER)
               ) / 1000000,
               'unixepoch'
           ) || printf(
               '.%06dZ',
               (substr(n.seen_at, 21, 6) + CAST(round(2000000 * n.lease_seconds) AS INTEGER))
               % 1000000
           )""",
    "stays": "",
    "subject": _SUBJECT,
}
_POSTGRESQL: Final = {
    "by_code_point": ' COLLATE "C"',  # a database's own collation may order text otherwise
    "by_open": "",
    "by_replay": "",
    "by_stay": "",
    "create_view": "CREATE OR REPLACE VIEW",  # what was granted on it stays
    "cross": "",
    "details_access": "(e.details::json ->> 'access')",
    "details_history": "(e.details::json ->> 'history')",
    "details_locked": "(e.details::json ->> 'locked')::boolean",
    "details_role": "(e.details::json ->> 'role')",
    "details_until": "(e.details::json ->> 'until')",
    "details_via": "(e.details::json ->> 'via')",
    "erased_seq": "seqs.seq",
    "erased_seqs": "unnest(string_to_array(x.of, ',')::bigint[]) AS seqs (seq)",
    "greatest": "greatest",
    "microseconds_from_last_seen": (
        "1000000 * extract(epoch FROM e.at::timestamptz - greatest(n.seen_at, s.joined_at)"
        "::timestamptz)"
    ),
    "room_key": "r.id, r.room",
    "seconds_from_joined_at_to_certain_until": (
        "extract(epoch FROM certain_until::timestamptz - joined_at::timestamptz)::double precision"
    ),
    "seen_at_and_two_leases": """\
to_char(
               (n.seen_at::timestamptz + 2 * n.lease_seconds * interval '1 second')
               AT TIME ZONE 'UTC',
               'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'
           )""",
    "stays": " AS stays",  # PostgreSQL before 16 requires a name
    "subject": f'({_SUBJECT}) COLLATE "C"',
}
FRAGMENTS: Final[Mapping[str, Mapping[str, str]]] = {
    "sqlite": _SQLITE,
    "postgresql": _POSTGRESQL,
}
"""The SQL of each fragment, by SQLAlchemy's name of the dialect."""


def statements(folder: Path, dialect: str) -> Iterator[str]:
    """Return the statements that create the views in a revision's folder, by name."""
    for file in sorted(folder.glob("*.sql")):
        yield file.read_text(encoding="utf-8").format_map(FRAGMENTS[dialect])
