"""Copy a whole log from one database into another, in one transaction of the target."""

from __future__ import annotations

from collections.abc import Callable

from chatlog.audit.verification.verify import Asked, verify
from chatlog.databases.copying import Copied, copy_tables, row_count
from chatlog.databases.database import Database
from chatlog.databases.opening import check_at_rest, open_at_rest, open_empty
from chatlog.domain.errors import LogError
from chatlog.eventlog import read

Tell = Callable[[int, int], None]
"""Called with the number of rows copied so far, and of all."""


async def copy_log(source_url: str, target_url: str, tell: Tell) -> Copied:
    """Copy every table unchanged, verify the copy, and commit it.

    Raises:
        DatabaseBusy, LogError: and the target is left empty: the source is being served, or
            was changed meanwhile; the target is not empty; or the copy does not verify.
    """
    if source_url == target_url:
        raise LogError("The source and the target are the same database.")
    async with open_at_rest(source_url) as source, open_empty(target_url) as target:
        copied = await _copy(source, target, tell)
        await _verify(target_url, target)
        await _check_unchanged(source, copied)
    return copied


async def _copy(source: Database, target: Database, tell: Tell) -> Copied:
    done = 0

    def count(rows: int) -> None:
        nonlocal done
        done += rows
        tell(done, of)

    async with source.read() as reading, target.write() as writing:
        of = await row_count(reading)
        return await copy_tables(reading, writing, count)


async def _verify(url: str, target: Database) -> None:
    verdict = await verify(url, target, Asked(jobs=1), lambda _events: None)
    if not verdict.ok:
        wrong = next(
            (f"{one.room}: event {one.wrong_seq}" for one in verdict.rooms if not one.ok), ""
        )
        raise LogError(
            f"The log does not verify ({wrong or verdict.whole}), so it was not copied: run "
            "`chatlog verify` on the source."
        )


async def _check_unchanged(source: Database, copied: Copied) -> None:
    await check_at_rest(source)
    async with source.read() as connection:
        if await read.end(connection) != copied.position:
            raise LogError("The source was written to while it was copied: stop what writes to it.")
