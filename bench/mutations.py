"""Mutate a log at random, many times: ``python -m bench.mutations --mutations 20000``.

Each mutation must be found by verify and located, or harmless. Ends with 1 if one was not;
it is printed with its number, which with the seed is enough to see it again.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.support.mutations import before, judge, make_log, mutate


async def run(wanted: argparse.Namespace, folder: Path) -> Counter[str]:
    """Do them all; return how many were found, harmless or missed."""
    made, copy = await make_log(folder), folder / "copy.db"
    was, outcomes = await before(made), Counter[str]()
    for number in range(wanted.first, wanted.first + wanted.mutations):
        copy.unlink(missing_ok=True)
        shutil.copy(made, copy)
        what = mutate(copy, random.Random(f"{wanted.seed}-{number}"))
        if what.startswith("refused"):
            outcomes["refused by SQLite"] += 1
            continue
        judged = await judge(copy, what, was)
        outcomes[judged.outcome] += 1
        if judged.outcome == "missed":
            print(f"{number}: missed: {what} {judged.where}", flush=True)
        if number % 1_000 == 999:
            print(f"{number + 1}: {dict(outcomes)}", file=sys.stderr, flush=True)
    return outcomes


def main() -> None:
    """Run as the arguments say and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m bench.mutations", description=__doc__)
    parser.add_argument("--mutations", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        outcomes = asyncio.run(run(wanted, Path(folder)))
    print(f"{dict(outcomes)} in {time.monotonic() - began:.0f} s")
    sys.exit(1 if outcomes["missed"] else 0)


if __name__ == "__main__":
    main()
