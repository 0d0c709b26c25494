"""Whatever is changed in a log, verify finds it and says where, or it changes no answer."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from pathlib import Path

from tests.support.mutations import answers, judge, make_log, mutate

MUTATIONS = 300
SEED = 20_261_122


async def test_every_mutation_is_found_and_located_or_harmless(tmp_path: Path) -> None:
    made, copy = await make_log(tmp_path), tmp_path / "copy.db"
    before = answers(made)
    chance = random.Random(SEED)
    outcomes: Counter[str] = Counter()
    for _ in range(MUTATIONS):
        copy.unlink(missing_ok=True)
        shutil.copy(made, copy)
        judged = await judge(copy, mutate(copy, chance), before)
        assert judged.outcome != "missed", judged
        outcomes[judged.outcome] += 1
    assert outcomes["found"] > MUTATIONS / 2, outcomes


async def test_the_log_itself_has_nothing_wrong(tmp_path: Path) -> None:
    made = await make_log(tmp_path)
    judged = await judge(made, "nothing", answers(made))
    assert judged.outcome == "harmless", judged
