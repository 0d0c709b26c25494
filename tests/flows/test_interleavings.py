"""Joins, chats, leaves, resumes, stuck readers and failing commits in any interleaving.

Two real nodes share a log; five people, some of them two tabs of one user, come and go
between them. Whatever the order of things: every client's seqs are contiguous, all see the
same event at a seq, nothing is missing that was not seen, presence is the fold. A failing
story is shrunk by hypothesis and printed; it replays.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from blockbuster import BlockBuster
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .simulation.plants import PLANTS, Plant, let_ids_repeat, no_deduplication
from .simulation.world import Step, Story, run

COMMON = ("chat", "chat", "chat", "again", "resume", "join", "wait")
RARE = (
    "leave",
    "go",
    "stand still",
    "read on",
    "full",
    "io",
    "late",
    "doubt",
    "outage",
    "users",
    "history",
)

EXAMPLES = 80
STORIES = 25
MUST_HAPPEN = frozenset(
    {
        "ack",
        "repeated",
        "caught_up",
        "chat",
        "left",
        "disconnected",
        "timed_out",
        "storage_full",
        "unavailable",
        "outcome_unknown",
    }
)

steps = st.builds(
    Step,
    st.sampled_from(COMMON) | st.sampled_from(COMMON) | st.sampled_from(RARE),
    st.integers(0, 4),
    st.integers(0, 7),
)
stories = st.builds(Story, st.integers(0, 2**32), st.lists(steps, min_size=10, max_size=60))

once = settings(
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with TemporaryDirectory(prefix="chatlog-stories-") as name:
        yield Path(name)


@pytest.fixture(autouse=True)
def sqlite_may_block(no_blocked_loop: BlockBuster) -> Iterator[None]:
    """In a simulation SQLite runs in the loop: that is what makes a run repeatable."""
    functions = [f for name, f in no_blocked_loop.functions.items() if "sqlite3" in name]
    for function in functions:
        function.deactivate()
    yield
    for function in functions:
        function.activate()


@pytest.mark.slow
def test_whatever_interleaves_the_promises_hold(sqlite_template: Path, folder: Path) -> None:
    happened: Counter[str] = Counter()

    @given(story=stories)
    @settings(once, max_examples=EXAMPLES)
    def holds(story: Story) -> None:
        violations, happenings = run(story, sqlite_template, folder)
        happened.update(happenings)
        assert violations == []

    holds()
    for seed in range(STORIES):
        violations, happenings = run(random_story(seed), sqlite_template, folder)
        happened.update(happenings)
        assert violations == []
    # A story in which nothing happens keeps every promise.
    missing = MUST_HAPPEN - set(happened)
    assert not missing, f"{missing} never happened: {happened}"


def test_a_leave_is_acknowledged_before_a_node_behind_the_log_brings_the_join(
    sqlite_template: Path, folder: Path
) -> None:
    steps = [Step("chat", 0, 0)] * 6 + [Step("late", 0, 0), Step("leave", 1, 0)]
    assert run(Story(0, steps), sqlite_template, folder)[0] == []


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__)
def test_a_planted_bug_is_found(plant: Plant, sqlite_template: Path, folder: Path) -> None:
    template = sqlite_template
    if plant is no_deduplication:
        template = folder / "without index"
        template.write_bytes(sqlite_template.read_bytes())
        let_ids_repeat(template)

    with plant():
        caught = any(run(random_story(seed), template, folder)[0] for seed in range(STORIES))
    assert caught, "the checker sees nothing: it proves nothing of the real server"


def random_story(seed: int) -> Story:
    """Think of a long story; not shrunk, so many steps cost nothing."""
    chance = random.Random(seed)
    kinds = (COMMON, COMMON, RARE)
    steps = [
        Step(chance.choice(chance.choice(kinds)), chance.randrange(5), chance.randrange(8))
        for _ in range(80)
    ]
    return Story(seed, steps)
