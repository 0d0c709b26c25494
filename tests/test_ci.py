"""``.ci/run``: every Python that is found, and a failure on any of them fails it all."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OTHER = next(v for v in ("3.11", "3.12") if v != f"3.{sys.version_info.minor}")
MAKE = """
case "$*" in
  *"$FAILING"*) echo "1 failed, 2 passed in 3.00s"; echo "make: *** Error 1"; exit 2 ;;
esac
echo "3 passed in 3.00s"
echo "$*" >>made
"""
# Claims to be the version in its name, for there may be no second Python on this machine.
PYTHON = """
case "$0" in *"$3") exit 0 ;; esac
exit 1
"""


def program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}")
    path.chmod(0o755)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree whose make, packages and second Python are told what to say."""
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", tmp_path / ".ci")
    program(tmp_path / ".venv/bin/python", f'exec "{sys.executable}" "$@"\n')
    program(tmp_path / "bin/make", MAKE)
    program(tmp_path / "bin/dpkg-query", 'printf "install ok installed"\n')
    program(tmp_path / f"bin/python{OTHER}", PYTHON)
    return tmp_path


def run(tree: Path, failing: str) -> subprocess.CompletedProcess[str]:
    path = f"{tree / 'bin'}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "FAILING": failing}
    command = ["bash", str(tree / ".ci/run")]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_it_runs_the_tests_on_every_python_that_is_found_and_says_which(tree: Path) -> None:
    done = run(tree, "nothing")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "3 passed in 3.00s"), done
    made = (tree / "made").read_text().splitlines()
    assert made[0] == "--keep-going test"
    asked = f"other-tests VENV=.venv-{OTHER} PYTHON=python{OTHER} MARKS=not browser"
    assert any(line.startswith(asked) for line in made)
    assert f"Python {OTHER} is found: python{OTHER}" in done.stdout
    assert done.stdout.count("found") == 2


@pytest.mark.parametrize("failing", ["test", f"VENV=.venv-{OTHER}"])
def test_a_failure_on_any_python_fails_it_all(tree: Path, failing: str) -> None:
    done = run(tree, failing)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (2, "1 failed, 2 passed in 3.00s")
