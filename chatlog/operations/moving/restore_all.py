"""Restore an export of all rooms: each room in a transaction of its own, those still missing."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from chatlog.databases.database import Database
from chatlog.databases.hold import DatabaseBusy
from chatlog.databases.opening import open_for_reading, open_for_writing
from chatlog.domain.errors import ChatlogError, LogError
from chatlog.eventlog import lookup, read
from chatlog.formats.files import files
from chatlog.operations.delegation import ask_holder
from chatlog.operations.export_file import Lines, lines_of
from chatlog.operations.restore_export import restore_export
from chatlog.wire.events import BadLine, decode_proved

Restore = Callable[[Path, Lines], Awaitable[object]]


@dataclass(slots=True)
class Restored:
    """How many of the rooms were restored, and how many were in the log already."""

    of: int
    new: int = 0
    known: int = 0

    @property
    def done(self) -> int:
        """The number of rooms that are in the log."""
        return self.new + self.known


async def restore_all(
    paths: Iterable[Path], url: str, restored: Restored, tell: Callable[[int, int], None]
) -> None:
    """Restore each file's room unless the log has it already, and count it in ``restored``.

    Raises:
        LogError: naming a file that cannot be restored; the rooms before it are in the log.
    """
    try:
        async with open_for_writing(url) as database:
            await _each(paths, database, _here(database), restored, tell)
    except DatabaseBusy as busy:
        async with open_for_reading(url) as database:
            await _each(paths, database, _there(busy), restored, tell)


def _here(database: Database) -> Restore:
    async def restore(_path: Path, lines: Lines) -> object:
        return await restore_export(database, lines())

    return restore


def _there(busy: DatabaseBusy) -> Restore:
    async def restore(path: Path, _lines: Lines) -> object:
        return await ask_holder(busy, "import-jsonl", {"path": str(path), "room": None})

    return restore


async def _each(
    paths: Iterable[Path],
    database: Database,
    restore: Restore,
    restored: Restored,
    tell: Callable[[int, int], None],
) -> None:
    for path in paths:
        with files() as lent:
            lines = lines_of(lent.unpacked(path))
            try:
                if await _is_known(database, lines()):
                    restored.known += 1
                else:
                    await restore(path, lines)
                    restored.new += 1
            except DatabaseBusy:
                raise
            except ChatlogError as error:
                raise LogError(f"{path.name}: {error}") from error
        tell(restored.done, restored.of)


async def _is_known(database: Database, lines: Iterable[bytes]) -> bool:
    """Return whether the log has the room of a file, up to the file's last event at least.

    The hash of that event covers all before it.
    """
    last = deque(lines, maxlen=1)
    if not last:
        raise LogError("The file holds no events.")
    try:
        found = decode_proved(last[0].removesuffix(b"\n")).recorded
    except BadLine as error:
        raise LogError(f"The last line is not as it was exported: {error}") from None
    async with database.read() as connection:
        number = await read.room_number(connection, found.room)
        if number is None:
            return False
        return await lookup.hash_at(connection, number, found.seq) == found.hash
