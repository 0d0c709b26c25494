"""Render the audit views: each is written once, with named fragments where dialects differ.

The SQL is in ``migrations/views``, a folder per revision, a file per view. What a revision has
released is never changed, to the letter: SQLite keeps a view's text, and ``chatlog verify``
compares it with that of a new log. A later revision brings files, and fragments, of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

# SQLite's arithmetic of times rounds to milliseconds, so seconds and microseconds are taken apart.
_SQLITE: Final = {
    "by_code_point": "",
    "by_open": " INDEXED BY sessions_open",
    "by_replay": " INDEXED BY sessions_replay",
    "by_stay": " INDEXED BY sessions_stay",
    "cross": "CROSS ",  # SQLite never reorders it
    "erased_seq": "seqs.value",
    "erased_seqs": "json_each('[' || x.\"of\" || ']') AS seqs",
    "greatest": "max",
    "room_key": "r.room",
    "seconds_from_joined_at_to_certain_until": """\
round(
           strftime('%s', substr(certain_until, 1, 19)) - strftime('%s', substr(joined_at, 1, 19))
           + (substr(certain_until, 21, 6) - substr(joined_at, 21, 6)) / 1e6,
           6
       )""",
    "stays": "",
}
_POSTGRESQL: Final = {
    "by_code_point": ' COLLATE "C"',  # a database's own collation may order text otherwise
    "by_open": "",
    "by_replay": "",
    "by_stay": "",
    "cross": "",
    "erased_seq": "seqs.seq",
    "erased_seqs": "unnest(string_to_array(x.of, ',')::bigint[]) AS seqs (seq)",
    "greatest": "greatest",
    "room_key": "r.id, r.room",
    "seconds_from_joined_at_to_certain_until": (
        "extract(epoch FROM certain_until::timestamptz - joined_at::timestamptz)::double precision"
    ),
    "stays": " AS stays",  # PostgreSQL before 16 requires a name
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
