"""SQLite files that are migrated already: a copy takes 1 ms, migrating over 200."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from tests.support.nodes import migrated


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "chatlog.db"
    asyncio.run(migrated(f"sqlite:///{path}"))
    return path


@pytest.fixture
def sqlite_url(template: Path, tmp_path: Path) -> str:
    """URL of a log without events, on a file of its own."""
    path = tmp_path / "chatlog.db"
    shutil.copy(template, path)
    return f"sqlite:///{path}"
