"""A disk that fails when the test says so, for a server started with ``environment``."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path
from typing import Final

SOURCE: Final = Path(__file__).with_name("faults.c")
CALLS: Final = {"fsync": 1, "pwrite": 2}
_NUMBERS: Final = struct.Struct("=5i")
FOR_EVER: Final = 1_000_000


def compiler() -> str | None:
    return shutil.which("cc") or shutil.which("gcc")


class FailingDisk:
    """Everything below ``folder`` is on it."""

    def __init__(self, folder: Path, work: Path) -> None:
        found = compiler()
        assert found is not None, "no C compiler"
        self._library = work / "faults.so"
        command = [found, "-shared", "-fPIC", "-O2", "-Wall", "-o", str(self._library)]
        subprocess.run([*command, str(SOURCE), "-ldl"], check=True)
        self._folder = folder
        self._file = work / "faults"
        self._file.write_bytes(_NUMBERS.pack(0, 0, 0, 0, 0))

    @property
    def environment(self) -> dict[str, str]:
        return {
            "LD_PRELOAD": str(self._library),
            "FAULT_FOLDER": str(self._folder),
            "FAULT_FILE": str(self._file),
        }

    def fail(self, call: str, error: int, *, after: int = 0, times: int = 1) -> None:
        """Make the next calls fail, after so many that succeed."""
        self._set(CALLS[call], after, times, error, 0)

    def heal(self) -> int:
        """Make no more calls fail; return how many have failed."""
        failed: int = _NUMBERS.unpack(self._file.read_bytes())[-1]
        self._set(0, 0, 0, 0, 0)
        return failed

    def _set(self, *numbers: int) -> None:
        with self._file.open("r+b") as file:  # in place: the server has mapped it
            file.write(_NUMBERS.pack(*numbers))
