"""IRC histories to import: the project's own, and real ones where somebody has put them.

``made`` is in ``tests/histories`` and has every feature of the real ones, on a small scale. The
real ones are not ours to ship: a test of one is skipped by its name where they are absent, and
says where they come from. ``TEST_HISTORIES`` names their folder.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OWN_FOLDER = ROOT / "tests" / "histories"
REAL_FOLDER = Path(os.environ.get("TEST_HISTORIES") or ROOT.parent / "shared" / "data" / "irc")

OWN = "2011-05-06.made.txt"
REAL = (
    "2004-12-25.ubuntu.txt",
    "2006-12-10.ubuntu.txt",
    "2007-06-04.ubuntu.txt",
    "2010-08-15.ubuntu.txt",
)
HISTORIES = (OWN, *REAL)

ABSENT = "is a real history, and not in the repository"
SOURCE = "tests/histories/README.md says where it comes from and where to put it"


def history(name: str) -> Path:
    """Return a history's file, or skip the test that asks for a real one where none are."""
    path = (OWN_FOLDER if name == OWN else REAL_FOLDER) / name
    if name in REAL and not path.is_file():
        pytest.skip(f"{name} {ABSENT}: {SOURCE}")
    return path


def is_absent(reason: str) -> bool:
    """Whether a skip's reason is that there are no real histories here at all.

    Where some are, or where somebody has named a folder, one that is missing is a mistake.
    """
    expected = REAL_FOLDER.is_dir() or "TEST_HISTORIES" in os.environ
    return ABSENT in reason and not expected
