"""What docs/audit.md says of sqlite3, pandas and DuckDB runs as it stands there.

The room is called ``#general``: a name that a shell's quoting may spoil. Datasette has a test of
its own, ``queries/test_documents.py``.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import imported

PAGE = (Path(__file__).parents[2] / "docs" / "audit.md").read_text()
LINES = "[09:14] <ada> hello\n[09:15] <bob> hi\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with ``chatlog.db``, as the page expects it."""
    path = tmp_path / "2006-12-10.txt"
    path.write_text(LINES)
    imported(f"sqlite:///{tmp_path / 'chatlog.db'}", path, "#general")
    return tmp_path


def section(heading: str) -> list[str]:
    """Return the lines of code in a section of the page, for a room called ``#general``."""
    text = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0].replace("general", "#general")
    return re.findall(r"^    (.*)$", text, re.MULTILINE)


def run(folder: Path, *command: str, told: str = "") -> str:
    done = subprocess.run(
        command, cwd=folder, input=told, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout


def test_the_sqlite_shell_answers_as_the_page_says(folder: Path) -> None:
    command, *lines = section("With sqlite3")
    asked = [line.removeprefix("sqlite> ") for line in lines]
    told = "\n".join(asked).replace(":seq 42", ":seq 3")
    rows = run(folder, *command.split(), told=told).splitlines()
    assert sorted(row.split() for row in rows[2:]) == [["ada", "open"], ["bob", "open"]]
    one = run(folder, *command.split(), told=".parameter set :d '2026-11-22'\nSELECT :d AS d;")
    assert one.split()[-1] == "1993", "as the page warns"


def test_pandas_and_duckdb_answer_as_the_page_says(folder: Path) -> None:
    script = "\n".join(section("With pandas, and DuckDB"))
    said = run(folder, sys.executable, "-c", script)
    assert "2006-12-10 09:14:00" in said
    assert "hello" in said
    assert re.search(r"ada\s+1\n", said)
    assert re.search(r"│ ada\s+│\s+60\.0 │", said)
    unquoted = script.replace('"at", username', "at, username")
    failed = subprocess.run(
        [sys.executable, "-c", unquoted], cwd=folder, capture_output=True, check=False, timeout=60
    )
    assert b"Parser Error" in failed.stderr, "as the page warns"
