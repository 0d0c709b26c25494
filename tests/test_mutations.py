"""Whatever is changed in a log, verify finds it and says where, or it changes no answer."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from pathlib import Path

import pytest

from chatlog.cli.options import run
from tests.support.mutations import before, judge, make_log, mutate

MUTATIONS = 300
SEED = 20_261_122


@pytest.mark.slow
def test_every_mutation_is_found_and_located_or_harmless(tmp_path: Path) -> None:
    made, copy = run(make_log(tmp_path)), tmp_path / "copy.db"
    was = run(before(made))
    chance = random.Random(SEED)
    outcomes: Counter[str] = Counter()
    for _ in range(MUTATIONS):
        copy.unlink(missing_ok=True)
        shutil.copy(made, copy)
        judged = run(judge(copy, mutate(copy, chance), was))
        assert judged.outcome != "missed", judged
        outcomes[judged.outcome] += 1
    assert outcomes["found"] > MUTATIONS / 2, outcomes


def test_the_log_itself_has_nothing_wrong(tmp_path: Path) -> None:
    made = run(make_log(tmp_path))
    judged = run(judge(made, "nothing", run(before(made))))
    assert judged.outcome == "harmless", judged
