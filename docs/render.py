"""Write ``audit-sql.md`` and ``datasette.json`` anew: ``python -m docs.render``.

Both come from the questions in ``chatlog/audit/questions``; a test compares them.
"""

from __future__ import annotations

import json
from pathlib import Path

from chatlog.audit.questions import Question, questions
from chatlog.eventlog.migrate import VERSION_TABLE
from chatlog.eventlog.schema import metadata

HERE = Path(__file__).parent

INTRODUCTION = """# Questions to the log, in SQL

<!-- Written by `python -m docs.render` from chatlog/audit/questions: edit those. -->

Each of these is one statement on the audit views, the same for SQLite and PostgreSQL, and each is
checked by a test on both databases against a plain fold of the events. Run one by its name,

    chatlog sql                                      # lists them
    chatlog sql who-was-there-at-seq --param room=general --param seq=41
    chatlog sql who-was-there-at-seq --param room=general --param seq=41 --json

or paste it into `sqlite3 -readonly chatlog.db` or `psql`, with values in place of `:room` and the
like. Times are UTC, RFC 3339 text of 27 characters, and compare as text: `'2026-11-22T14:03'` is
a good bound as it stands. `chatlog sql` takes a time in any offset, and a date: as `to` it means
its whole day, which in SQL ends before the next one: `at < '2026-12-01'`.

Three things to know:

- Names of erased people are `(erased)`, all of them: it is not one person. Erased messages are
  empty, with `erased` true.
- `seconds` and `certain_until` count to when a session was surely there: to its leave; where its
  server died, to when that server was last heard of; for an open session, to when its server
  last gave a sign of life, at most five seconds ago.
- `by` is a word of SQL: write `"by"`. A condition on `erased` is `WHERE erased` on both databases.

Name a room, a person or a time wherever you can: then an index answers. A time without a room goes
to `at` in `audit_events` and `audit_messages`; `hour` in `audit_activity` is counted from all
events of its rooms.
"""


def markdown() -> str:
    """Return ``audit-sql.md``."""
    listed = "\n".join(f"- [{q.title}](#{q.name})" for q in questions().values())
    return "\n".join([INTRODUCTION, listed, *map(_section, questions().values())])


def _section(question: Question) -> str:
    told = "".join(f"\n- `{p.name}`: {p.about}" for p in question.parameters)
    parts = [f"\n## {question.name}\n\n**{question.title}**"]
    parts += [question.notes] if question.notes else []
    parts += [told.strip()] if told else []
    return "\n\n".join([*parts, f"```sql\n{question.sql};\n```"]) + "\n"


def datasette() -> str:
    """Return ``datasette.json``: the questions as canned queries of a file ``chatlog.db``."""
    queries = {
        question.name: {
            "title": question.title,
            "description": " ".join(
                [question.notes, *(f"{p.name}: {p.about}." for p in question.parameters)]
            ).strip(),
            "sql": question.sql,
            "params": [parameter.name for parameter in question.parameters],
        }
        for question in questions().values()
    }
    # The tables are ours to change; what auditors read are the views.
    hidden = {name: {"hidden": True} for name in sorted([*metadata.tables, VERSION_TABLE])}
    database = {"queries": queries, "tables": hidden}
    told = {"title": "chatlog: the audit", "databases": {"chatlog": database}}
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write both files."""
    (HERE / "audit-sql.md").write_text(markdown(), encoding="utf-8")
    (HERE / "datasette.json").write_text(datasette(), encoding="utf-8")


if __name__ == "__main__":
    main()
