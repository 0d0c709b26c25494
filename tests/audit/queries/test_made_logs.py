"""A made-up log obeys every rule of a real one, and is the same again with the same seed."""

from __future__ import annotations

import subprocess
import sys

from bench.histories.chained import Row
from bench.histories.story import Story
from tests.audit.queries.conftest import SHAPE, History


def told() -> list[Row]:
    return list(Story(SHAPE).events())


def test_the_same_seed_tells_the_same_story() -> None:
    assert told() == told()


def test_what_the_verifier_looks_at_holds(history: History) -> None:
    arguments = ("verify", "--json", "--database", history.url)
    found = subprocess.run(
        [sys.executable, "-m", "chatlog", *arguments],
        capture_output=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert found.returncode == 0, found.stdout[-1000:] + found.stderr[-1000:]
