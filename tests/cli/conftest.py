"""A small log, imported from an IRC client's."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import imported

LOG = """\
[09:14] <ada> one
[09:15] <bob> two
[09:16] <ada> three
=== bob [h] has left #small
[09:17] <ada> four
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "2006-12-10.small.txt"
    path.write_text(LOG)
    return path


@pytest.fixture
def log(database_url: str, file: Path) -> str:
    """join ada, one, join bob, two, three, leave bob, four, leave ada."""
    imported(database_url, file, "#small")
    return database_url
