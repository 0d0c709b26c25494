"""Let a role use unqualified names of the audit views, by its ``search_path`` in this database.

The log's schema is appended to the role's existing path, so that it hides none of the role's own
tables. Still, an application that lists its visible tables then also sees chatlog's. So a role's
path is changed only if the database was otherwise empty, or on request.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.postgres.statements import SCHEMA
from chatlog.domain.errors import LogError

_ROLE: Final = sa.text(
    "SELECT rolname FROM pg_roles WHERE rolname = coalesce(CAST(:role AS text), current_user)"
)
# The setting in effect for this role in this database: the most specific one.
_PATH: Final = sa.text("""
SELECT substr(setting, length('search_path=') + 1)
FROM pg_db_role_setting, unnest(setconfig) AS setting
WHERE setting LIKE 'search_path=%'
    AND setrole IN (0, (SELECT oid FROM pg_roles WHERE rolname = :role))
    AND setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
ORDER BY (setrole <> 0 AND setdatabase <> 0) DESC, setrole <> 0 DESC
LIMIT 1
""")
_CHANGE: Final = sa.text(
    "SELECT format('ALTER ROLE %I IN DATABASE %I SET search_path = %s', "
    "CAST(:role AS text), current_database(), CAST(:path AS text))"
)
_DEFAULT: Final = '"$user", public'


async def share_views(connection: AsyncConnection, role: str | None) -> str:
    """Return in a sentence whether a role finds the views; a given role is made to.

    Raises:
        LogError: if there is no such role.
    """
    name = await role_of(connection, role)
    if role is not None:
        await have_find_views(connection, name)
    if await finds_views(connection, name):
        return f"The role {name} can use the audit views by their unqualified names."
    return (
        f"The audit views are in the schema {SCHEMA}. To let the role {name} use their "
        f"unqualified names, run `chatlog migrate --search-path {name}`."
    )


async def role_of(connection: AsyncConnection, role: str | None = None) -> str:
    """Return a role's name, by default that of the connection.

    Raises:
        LogError: if there is no such role.
    """
    name = (await connection.execute(_ROLE, {"role": role})).scalar()
    if name is None:
        raise LogError(f"The database knows no role {role!r}.")
    return str(name)


async def finds_views(connection: AsyncConnection, role: str) -> bool:
    """Return whether new connections of a role find the views by their unqualified names."""
    return _has_schema(await _path(connection, role))


async def have_find_views(connection: AsyncConnection, role: str) -> None:
    """Append the log's schema to a role's search path, for this database only.

    Raises:
        sqlalchemy.exc.DBAPIError: if the connection's role may not change that role.
    """
    path = await _path(connection, role)
    if not _has_schema(path):
        told = {"role": role, "path": f"{path}, {SCHEMA}"}
        statement = (await connection.execute(_CHANGE, told)).scalar_one()
        await connection.exec_driver_sql(statement)


async def _path(connection: AsyncConnection, role: str) -> str:
    return (await connection.execute(_PATH, {"role": role})).scalar() or _DEFAULT


def _has_schema(path: str) -> bool:
    return SCHEMA in (part.strip().strip('"') for part in path.split(","))
