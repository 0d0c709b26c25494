"""``chatlog import --all``: restore every room of a folder that ``export --all`` has written."""

from __future__ import annotations

import hashlib
from pathlib import Path

from chatlog.cli.failures import INTERRUPTED, fail
from chatlog.cli.moving.export_folder import files_in, read_index
from chatlog.cli.options import run
from chatlog.cli.progress import progress
from chatlog.domain.counts import counted
from chatlog.domain.errors import LogError
from chatlog.operations.moving.restore_all import Restored, restore_all
from chatlog.wire.export_index import Index


def import_all(folder: Path, url: str) -> str:
    """Restore all rooms that are not in the log yet; return what was done, in a sentence.

    Raises:
        LogError: saying how many rooms are in the log by now.
    """
    paths = _files(folder)
    restored = Restored(len(paths))
    try:
        with progress("Importing all rooms") as report:
            run(restore_all(paths, url, restored, report))
    except KeyboardInterrupt:
        fail(f"The import was interrupted: {_so_far(restored)}", INTERRUPTED)
    except LogError as error:
        if not restored.done:
            raise
        raise LogError(f"{error} {_so_far(restored)[:1].upper()}{_so_far(restored)[1:]}") from error
    known = f"; {restored.known} already in the log" if restored.known else ""
    return f"Restored {counted(restored.new, 'room')}, verified and unchanged{known}."


def _so_far(restored: Restored) -> str:
    rooms = counted(restored.of, "room")
    return f"{restored.done} of {rooms} are in the log. Run it again to continue."


def _files(folder: Path) -> list[Path]:
    """Return the rooms' files: those of the index, compared with it, or else all."""
    index = read_index(folder)
    if index is not None:
        return _indexed(folder, index)
    if not (found := files_in(folder)):
        raise LogError(f"{folder} holds no exported room.")
    return [path.absolute() for path in found]


def _indexed(folder: Path, index: Index) -> list[Path]:
    if not index.is_complete:
        there = f"{len(files_in(folder))} of {counted(index.count, 'room')}"
        raise LogError(
            f"The export in {folder} was interrupted: it has {there}. Run "
            "`chatlog export --all` again."
        )
    for room in index.rooms:
        with (folder / Path(room.file).name).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != room.manifest.sha256:
            raise LogError(f"{room.file} does not match the index: its SHA-256 is {digest}.")
    return [(folder / Path(room.file).name).absolute() for room in index.rooms]
