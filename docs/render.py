"""Write what is derived from the code anew: ``python -m docs.render``.

``audit-sql.md`` and ``datasette.json`` come from the queries in ``chatlog/audit/queries``, the
clients' types of events and the marked tables of other pages from ``chatlog/kinds``, ``access.md``
from what ``docs/access.py`` expects of a server, the tables of ``scale.md`` from
``bench/scale_tables.py``, the table of ``benchmarks.md`` from ``bench/table.md``, those of
``growth.md`` and its plot from ``bench/growth/figures.json``; tests compare them.
"""

from __future__ import annotations

import json
from pathlib import Path

from bench.growth.page import PICTURE, picture, with_figures
from bench.scale_tables import with_model
from bench.table.page import with_table
from chatlog.audit.queries import Query, by_topic, queries
from chatlog.databases.revisions import VERSION_TABLE
from chatlog.databases.schema import metadata
from chatlog.kinds import KINDS
from docs import access
from docs.python_frames import python
from docs.tables import with_tables
from docs.typescript import typescript

HERE = Path(__file__).parent

INTRODUCTION = """# Ready-made queries

<!-- Written by `python -m docs.render` from chatlog/audit/queries: edit those. -->

Each query is one statement on the audit views, identical for SQLite and PostgreSQL; a test checks
each on both databases against a plain fold of the events. Run a query by its name,

    chatlog sql                                      # lists them by topic
    chatlog sql who-was-there-at-seq --param room=general --param seq=41
    chatlog sql who-was-there-at-seq --param room=general --param seq=41 --json

or paste it into `sqlite3 -readonly chatlog.db` or `psql`, with values in place of `:room` and the
other parameters. Times are UTC, RFC 3339 text of 27 characters, and compare as text, so
`'2026-11-22T14:03'` is a valid bound. `chatlog sql` takes a time in any offset, or a date; a date
as `to` includes its whole day, which in SQL is `at < '2026-12-01'`. With `--tz Europe/Berlin`
dates, and times without an offset, are of that zone, and so are the times in the table; JSON stays
in UTC, and so does the day of `activity-by-day`.

    chatlog sql hours-a-day --param days=2026-11-01..2026-11-30 --tz Europe/Berlin
    chatlog sql said-in-a-week --param username=ada --param from=2026-11-16 --param to=2026-11-22
    chatlog sql first-answers --param from=2026-11-22 --param to=2026-11-22 --tz Europe/Berlin

Keep in mind:

- Every erased name is `(erased)`, which may stand for several people. Erased messages are empty,
  with `erased` true.
- `seconds` and `certain_until` count up to the moment when a session was last known to be open: its
  leave; if its server died, that server's last sign of life; for an open session, its server's last
  sign of life, at most five seconds ago.
- `by` is a reserved word in SQL: write `"by"`. Filter erased events with `WHERE erased` on both
  databases.

Restrict a query to a room, a person or a time wherever you can, so that an index can be used.
Without a room, filter by `at` in `audit_events` or `audit_messages`, not by `hour` in
`audit_activity`, which is aggregated from all events of its rooms.
"""


def markdown() -> str:
    """Return ``audit-sql.md``."""
    listed = [
        "\n".join([f"{topic}:\n", *(f"- [{q.title}](#{q.name})" for q in found), ""])
        for topic, found in by_topic().items()
    ]
    return "\n".join([INTRODUCTION, *listed, *map(_section, queries().values())])


def _section(query: Query) -> str:
    told = "".join(f"\n- `{p.name}`: {p.about}" for p in query.parameters)
    parts = [f"\n## {query.name}\n\n**{query.title}**"]
    parts += [query.notes] if query.notes else []
    parts += [told.strip()] if told else []
    return "\n\n".join([*parts, f"```sql\n{query.sql};\n```"]) + "\n"


def datasette() -> str:
    """Return ``datasette.json``: each query as a canned one of a file ``chatlog.db``."""
    canned = {
        query.name: {
            "title": query.title,
            "description": " ".join(
                [query.notes, *(f"{p.name}: {p.about}." for p in query.parameters)]
            ).strip(),
            "sql": query.sql,
            "params": [parameter.name for parameter in query.parameters],
        }
        for query in queries().values()
    }
    # The tables are ours to change; what auditors read are the views.
    hidden = {name: {"hidden": True} for name in sorted([*metadata.tables, VERSION_TABLE])}
    database = {"queries": canned, "tables": hidden}
    told = {"title": "chatlog: the audit", "databases": {"chatlog": database}}
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def rendered() -> dict[Path, str]:
    """Return the text of each file that is derived from the code."""
    pages = [HERE / f"{name}.md" for name in ("log-format", "operations", "protocol")]
    return {
        **{page: with_tables(page.read_text("utf-8"), KINDS) for page in pages},
        HERE / "access.md": access.markdown(),
        HERE / "scale.md": with_model((HERE / "scale.md").read_text("utf-8")),
        HERE / "growth.md": with_figures((HERE / "growth.md").read_text("utf-8")),
        PICTURE: picture(),
        HERE / "benchmarks.md": with_table((HERE / "benchmarks.md").read_text("utf-8")),
        HERE / "audit-sql.md": markdown(),
        HERE / "datasette.json": datasette(),
        HERE.parent / "web" / "client" / "events.generated.ts": typescript(KINDS),
        HERE.parent / "chatlog" / "client" / "frames.py": python(KINDS),
    }


def main() -> None:
    """Write all of them."""
    for path, text in rendered().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
