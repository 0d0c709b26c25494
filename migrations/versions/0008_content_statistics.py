"""No statistics of what can be erased: PostgreSQL keeps copies of values in them.

``pg_stats`` shows the texts and names of a sample of rows, and went on showing those that
were erased since, even after ``VACUUM FULL``. So the columns with content keep none, and
what there is goes. Only a superuser may delete it; an owner has it go by giving the column
the type that it has already, which takes no time, but not while a view or a trigger reads
the column: so the triggers are made anew, and the views read nothing for that moment.
Replaced and not dropped, they keep their grants. PostgreSQL 18 has a function for all that.
"""

import logging

import sqlalchemy as sa
from alembic import op

logger = logging.getLogger("chatlog.migrations")

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

CONTENT = {"events": ("text", "text_salt"), "users": ("username", "salt", "name_key")}

HELD = sa.text("""
SELECT count(*) FROM pg_stats
WHERE schemaname = current_schema() AND tablename = :table AND attname = :column
""")

# Views outside the schema count, too: somebody may have made one of a table of ours.
READERS = sa.text("""
SELECT DISTINCT
    c.oid, c.oid\\:\\:regclass\\:\\:text AS name, pg_get_viewdef(c.oid) AS definition,
    (
        SELECT string_agg(
            format(
                'NULL\\:\\:%s %s AS %I', format_type(a.atttypid, a.atttypmod),
                CASE WHEN l.oid IS NOT NULL AND l.collname <> 'default'
                    THEN format('COLLATE %s', l.oid\\:\\:regcollation) END,
                a.attname
            ), ', ' ORDER BY a.attnum
        )
        FROM pg_attribute AS a LEFT JOIN pg_collation AS l ON l.oid = a.attcollation
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    ) AS nothing
FROM pg_depend AS d
JOIN pg_rewrite AS r ON d.classid = 'pg_rewrite'\\:\\:regclass AND r.oid = d.objid
JOIN pg_class AS c ON c.oid = r.ev_class AND c.relkind = 'v'
WHERE d.refclassid = 'pg_class'\\:\\:regclass
    AND d.refobjid IN ('events'\\:\\:regclass, 'users'\\:\\:regclass)
ORDER BY c.oid
""")
TRIGGERS = sa.text("""
SELECT
    tgname AS name,
    tgrelid\\:\\:regclass\\:\\:text AS on_table,
    pg_get_triggerdef(oid) AS definition
FROM pg_trigger
WHERE tgrelid IN ('events'\\:\\:regclass, 'users'\\:\\:regclass)
    AND NOT tgisinternal AND tgqual IS NOT NULL
""")


def upgrade() -> None:
    """Keep no statistics of content from now on, and drop what there is."""
    if op.get_bind().dialect.name != "postgresql":
        return  # SQLite counts how many rows have the same value, and keeps no value
    for table, columns in CONTENT.items():
        for column in columns:
            op.execute(f'ALTER TABLE {table} ALTER COLUMN "{column}" SET STATISTICS 0')
    if held := _held():
        try:
            with op.get_bind().begin_nested():
                _clear(held)
        except sa.exc.DBAPIError as error:  # a view of another's, or a materialized one
            logger.warning(
                "Statistics from before may still show erased texts (%s). A superuser removes "
                "them as docs/operations.md says.",
                str(error.orig).partition("\n")[0],
            )


def _held() -> list[tuple[str, str]]:
    asked = [(table, column) for table, columns in CONTENT.items() for column in columns]
    return [
        (table, column)
        for table, column in asked
        if op.get_bind().execute(HELD, {"table": table, "column": column}).scalar_one()
    ]


def _clear(held: list[tuple[str, str]]) -> None:
    if (op.get_bind().dialect.server_version_info or ()) >= (18,):
        clear = sa.text(
            "SELECT pg_clear_attribute_stats(current_schema()\\:\\:text, :table, :column, false)"
        )
        for table, column in held:
            op.get_bind().execute(clear, {"table": table, "column": column})
    else:
        _give_types_again(held)


def _give_types_again(held: list[tuple[str, str]]) -> None:
    views = op.get_bind().execute(READERS).all()
    triggers = op.get_bind().execute(TRIGGERS).all()
    for view in views:
        _run(f"CREATE OR REPLACE VIEW {view.name} AS SELECT {view.nothing}")
    for trigger in triggers:
        _run(f'DROP TRIGGER "{trigger.name}" ON {trigger.on_table}')
    for table, column in held:
        kind = "text" if column in {"text", "username"} else "bytea"
        _run(f'ALTER TABLE {table} ALTER COLUMN "{column}" TYPE {kind}')
    for trigger in triggers:
        _run(trigger.definition)
    for view in views:
        _run(f"CREATE OR REPLACE VIEW {view.name} AS {view.definition}")


def _run(statement: str) -> None:
    op.get_bind().exec_driver_sql(statement)
