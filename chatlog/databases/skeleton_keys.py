"""Keys of skeletons: keyed hashes by which names that look alike are found (Unicode TS #39).

A new version of Unicode or of Python changes some skeletons. So the log has a set of keys for each
version of the data that programs have used, and notes the user up to whom the set is complete.
Whoever looks for a name completes the set of its own version first, under the log's lock: programs
of several versions write to one log side by side, and none of them misses a name.

Opening the log does that work ahead, in transactions of one page: a new version goes over all
users. Then it drops the sets of versions that have fallen out of use.
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.database import Database
from chatlog.databases.schema import meta, skeleton_keys, skeleton_versions, stored_bytes, users
from chatlog.domain.skeletons import data_version, skeleton_key

PAGE: Final = 1_000
"""Users of a page: it holds the log's lock for some 50 ms."""

KEPT: Final = 3
"""Versions that are kept: one in use, one that it replaces, one of another Python."""

_VERSION: Final[sa.Select[Any]] = sa.select(skeleton_versions).where(
    skeleton_versions.c.version == sa.bindparam("version")
)
_STATE: Final[sa.Select[Any]] = sa.select(
    sa.select(meta.c.value).where(meta.c.name == "name_secret").scalar_subquery().label("secret"),
    _VERSION.with_only_columns(skeleton_versions.c.id).scalar_subquery().label("number"),
    _VERSION.with_only_columns(skeleton_versions.c.keyed_until).scalar_subquery().label("until"),
    sa.select(sa.func.coalesce(sa.func.max(users.c.id), 0)).scalar_subquery().label("newest"),
)
_NEXT_NUMBER: Final = sa.select(sa.func.coalesce(sa.func.max(skeleton_versions.c.id), 0) + 1)
_AFTER: Final[sa.BindParameter[int]] = sa.bindparam("after")
_UNTIL: Final[sa.BindParameter[int]] = sa.bindparam("until")
# The names by which subjects are found. One who has no name yet is called by the subject.
_NAMED: Final = sa.select(users.c.id, users.c.username).where(
    users.c.id > _AFTER,
    users.c.id <= _UNTIL,
    users.c.subject_id.is_not(None),
    users.c.name_key.is_not(None),
)
_NUMBER: Final[sa.BindParameter[int]] = sa.bindparam("number")
_CLEAR: Final = skeleton_keys.delete().where(
    skeleton_keys.c.version_id == _NUMBER,
    skeleton_keys.c.user_id > _AFTER,
    skeleton_keys.c.user_id <= _UNTIL,
)
_REACH: Final = (
    skeleton_versions.update().where(skeleton_versions.c.id == _NUMBER).values(keyed_until=_UNTIL)
)
# A set in use is brought up with each look for a name, so the least used one is the shortest.
_BY_USE: Final = sa.select(skeleton_versions.c.id, skeleton_versions.c.version).order_by(
    skeleton_versions.c.keyed_until.desc(), skeleton_versions.c.id.desc()
)
_DROP: Final = skeleton_keys.delete().where(
    skeleton_keys.c.version_id == _NUMBER,
    skeleton_keys.c.user_id.in_(
        sa.select(skeleton_keys.c.user_id)
        .where(skeleton_keys.c.version_id == _NUMBER)
        .limit(sa.bindparam("limit"))
    ),
)
_FORGET: Final = skeleton_versions.delete().where(skeleton_versions.c.id == _NUMBER)


async def bring_up(connection: AsyncConnection) -> tuple[bytes, int]:
    """Complete the keys of this program's version, in the caller's transaction.

    The caller has the log's lock. Returns the log's secret and the number of the version, whose
    keys are then those of all names.
    """
    while True:
        state = await _state(connection)
        if _is_complete(state):
            return stored_bytes(state.secret), int(state.number)
        await _key_page(connection, state)


async def bring_up_in_pages(database: Database) -> None:
    """Complete the keys of this program's version, and drop those that are out of use.

    Each page is a transaction under the log's lock: others write in between, and whoever is
    killed has lost one page.
    """
    while await _has_work(database):
        async with database.write() as connection, connection.begin():
            await database.backend.take_lock(connection)
            state = await _state(connection)
            if not _is_complete(state):
                await _key_page(connection, state)
            elif unused := await _unused(connection):
                await _drop_page(connection, unused[0])


async def _has_work(database: Database) -> bool:
    async with database.read() as connection:
        return not _is_complete(await _state(connection)) or bool(await _unused(connection))


async def _state(connection: AsyncConnection) -> sa.Row[Any]:
    found: sa.Row[Any] = (await connection.execute(_STATE, {"version": data_version()})).one()
    return found


def _is_complete(state: sa.Row[Any]) -> bool:
    return state.number is not None and state.until >= state.newest


async def _key_page(connection: AsyncConnection, state: sa.Row[Any]) -> None:
    number = await _add_version(connection) if state.number is None else state.number
    after = state.until or 0
    page = {"number": number, "after": after, "until": min(after + PAGE, state.newest)}
    named = (await connection.execute(_NAMED, page)).all()
    await connection.execute(_CLEAR, page)  # what is left of a set that was being dropped
    if named:
        keys = [(id, skeleton_key(stored_bytes(state.secret), name)) for id, name in named]
        rows = [{"user_id": id, "version_id": number, "skeleton_key": key} for id, key in keys]
        await connection.execute(skeleton_keys.insert(), rows)
    await connection.execute(_REACH, page)


async def _add_version(connection: AsyncConnection) -> int:
    number = int((await connection.execute(_NEXT_NUMBER)).scalar_one())
    row = {"id": number, "version": data_version(), "keyed_until": 0}
    await connection.execute(skeleton_versions.insert(), row)
    return number


async def _unused(connection: AsyncConnection) -> list[int]:
    found = (await connection.execute(_BY_USE)).all()
    others = [row.id for row in found if row.version != data_version()]
    return others[KEPT - 1 :]


async def _drop_page(connection: AsyncConnection, number: int) -> None:
    """Drop some keys of a version, which has none from now on: whoever uses it begins anew."""
    await connection.execute(_REACH, {"number": number, "until": 0})
    dropped = await connection.execute(_DROP, {"number": number, "limit": PAGE})
    if not dropped.rowcount:
        await connection.execute(_FORGET, {"number": number})
