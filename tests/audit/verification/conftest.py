"""A log of two rooms, to be damaged and verified."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.damage import two_small_rooms


@pytest.fixture
def database(database_url: str, tmp_path: Path) -> str:
    """A log with a small room and a second one behind it."""
    return two_small_rooms(database_url, tmp_path)
