"""A log of two rooms, to be damaged and verified."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import imported
from tests.support.damage import LINES


@pytest.fixture
def database(database_url: str, tmp_path: Path) -> str:
    """A log with a small room and a second one behind it."""
    path = tmp_path / "2006-12-10.small.txt"
    path.write_text(LINES)
    for room in ("#small", "#other"):
        imported(database_url, path, room)
    return database_url
