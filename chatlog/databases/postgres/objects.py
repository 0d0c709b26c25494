"""Read the definitions of the schema's objects from PostgreSQL, as it renders them.

This covers tables with everything that decides their contents (columns, row security,
children, whether foreign keys are enforced), indexes, constraints, triggers, functions, rules,
policies and views. Any role may read this, without privileges on the objects themselves.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.backend import Lend, SchemaVerdict
from chatlog.databases.postgres.statements import SCHEMA

KINDS: Final = (
    "tables", "indexes", "constraints", "triggers", "functions", "rules", "policies", "views",
)  # fmt: skip

_VERSION: Final = sa.text("SELECT current_setting('server_version_num')::int / 10000")
# What PostgreSQL renders names other schemas' objects in full, and so whose they are; whatever
# an administrator has set, names that need no quotes have none.
_RENDERING: Final = sa.text(
    f"SELECT set_config('search_path', '{SCHEMA}', true), "
    "set_config('quote_all_identifiers', 'off', true)"
)
# A setting of this session (the server's files may make it), or one that is kept for others who
# can change events: for a role in all databases or in this one, or for everybody in it.
_TRIGGERS_OFF: Final = sa.text(
    f"""
SELECT 'in this session' AS whose
WHERE current_setting('session_replication_role') = 'replica'
UNION ALL
SELECT CASE WHEN s.setrole = 0 THEN 'for every role' ELSE 'for the role ' || r.rolname END
    || CASE WHEN s.setdatabase = 0 THEN ' in every database' ELSE ' in this database' END
FROM pg_db_role_setting AS s LEFT JOIN pg_roles AS r ON r.oid = s.setrole
WHERE s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
    AND EXISTS (
        SELECT FROM unnest(s.setconfig) AS one
        WHERE lower(one) = 'session_replication_role=replica'
    )
    AND CASE
        WHEN s.setrole = 0 THEN true
        ELSE has_table_privilege(s.setrole, '{SCHEMA}.events', 'INSERT, UPDATE, DELETE, TRUNCATE')
    END
ORDER BY whose
""".replace(":", "\\:")  # noqa: S608 - of constants alone
)

_COLUMNS: Final = """
SELECT string_agg(
    concat_ws(
        ' ',
        quote_ident(a.attname),
        format_type(a.atttypid, a.atttypmod),
        'COLLATE ' || nullif(l.collname, 'default'),
        CASE WHEN a.attnotnull THEN 'NOT NULL' END,
        'DEFAULT ' || pg_get_expr(d.adbin, d.adrelid),
        nullif(a.attidentity::text || a.attgenerated::text, '')
    ),
    ', ' ORDER BY a.attnum
)
FROM pg_attribute AS a
LEFT JOIN pg_collation AS l ON l.oid = a.attcollation
LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
"""
_OBJECTS: Final = sa.text(
    f"""
WITH ours AS (
    SELECT c.* FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = '{SCHEMA}'
)
SELECT 'table' AS kind, c.relname::text AS name, concat_ws(
    ' ',
    '(' || ({_COLUMNS}) || ')',
    CASE c.relkind WHEN 'r' THEN NULL ELSE 'of the kind ' || c.relkind::text END,
    CASE WHEN c.relpersistence <> 'p' THEN 'UNLOGGED' END,
    CASE WHEN c.relrowsecurity OR c.relforcerowsecurity THEN 'with row security' END,
    CASE WHEN EXISTS (SELECT FROM pg_inherits WHERE c.oid IN (inhparent, inhrelid))
        THEN 'with inheritance' END,
    CASE WHEN EXISTS (
        SELECT FROM pg_trigger WHERE tgrelid = c.oid AND tgisinternal AND tgenabled <> 'O'
    ) THEN 'with foreign keys off' END
) AS definition
FROM ours AS c WHERE c.relkind IN ('r', 'p', 'f')
UNION ALL
SELECT 'index', c.relname, concat_ws(
    ' ',
    pg_get_indexdef(c.oid),
    CASE WHEN NOT (i.indisvalid AND i.indisready AND i.indislive) THEN 'INVALID' END
)
FROM ours AS c JOIN pg_index AS i ON i.indexrelid = c.oid
UNION ALL
SELECT 'constraint', c.relname || '.' || o.conname, concat_ws(
    ' ',
    pg_get_constraintdef(o.oid),
    CASE WHEN NOT o.convalidated THEN 'NOT VALIDATED' END
)
FROM ours AS c JOIN pg_constraint AS o ON o.conrelid = c.oid
-- From PostgreSQL 18 on a NOT NULL is one, too; it is among the columns on all.
WHERE o.contype IN ('p', 'u', 'f', 'c', 'x')
UNION ALL
SELECT 'trigger', c.relname || '.' || t.tgname, concat_ws(
    ' ',
    pg_get_triggerdef(t.oid),
    CASE t.tgenabled WHEN 'O' THEN NULL WHEN 'D' THEN 'DISABLED' ELSE t.tgenabled::text END
)
FROM ours AS c JOIN pg_trigger AS t ON t.tgrelid = c.oid WHERE NOT t.tgisinternal
UNION ALL
SELECT 'function', p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')', concat_ws(
    ' ',
    format_type(p.prorettype, NULL),
    (SELECT lanname FROM pg_language WHERE oid = p.prolang),
    p.prokind::text || p.provolatile::text,
    CASE WHEN p.prosecdef THEN 'SECURITY DEFINER' END,
    CASE WHEN p.proisstrict THEN 'STRICT' END,
    array_to_string(p.proconfig, ', '),
    p.prosrc
)
FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace WHERE n.nspname = '{SCHEMA}'
UNION ALL
SELECT 'rule', c.relname || '.' || r.rulename, pg_get_ruledef(r.oid)
FROM ours AS c JOIN pg_rewrite AS r ON r.ev_class = c.oid
WHERE NOT (r.rulename = '_RETURN' AND c.relkind = 'v' AND r.ev_enabled = 'O')
UNION ALL
SELECT 'policy', c.relname || '.' || p.polname, p.polcmd::text
FROM ours AS c JOIN pg_policy AS p ON p.polrelid = c.oid
UNION ALL
SELECT 'view', c.relname, concat_ws(' ', pg_get_viewdef(c.oid), array_to_string(c.reloptions, ', '))
FROM ours AS c WHERE c.relkind IN ('v', 'm')
""".replace(":", "\\:")  # noqa: S608 - of constants alone
)


async def major_version(connection: AsyncConnection) -> int:
    """Return the server's major version, such as 16."""
    return int((await connection.execute(_VERSION)).scalar_one())


async def read_objects(connection: AsyncConnection) -> dict[tuple[str, str], str]:
    """Return the definition of each object, by kind and name.

    For the rest of the caller's transaction, search_path holds only the log's own schema.
    """
    await connection.execute(_RENDERING)
    found = await connection.execute(_OBJECTS)
    return {(row.kind, row.name): row.definition for row in found}


async def check_settings(read: Lend) -> SchemaVerdict:
    """Look for settings that leave each trigger in its place and have none fire."""
    async with read() as connection:
        return SchemaVerdict(("settings",), await _triggers_off(connection))


async def _triggers_off(connection: AsyncConnection) -> str | None:
    """Return in a clause for whom a setting has triggers not fire; None: for nobody."""
    whose = (await connection.execute(_TRIGGERS_OFF)).scalars().all()
    # In their order the first is of what is kept, which says more than what it does here.
    return f"session_replication_role = replica turns triggers off {whose[0]}" if whose else None
