"""Cutting the power at random moments of a trace, and judging each image."""

import random
from collections.abc import Iterable, Sequence
from pathlib import Path

from .disk import Disk, Luck, write_files
from .trace import Step, Told, told
from .verdict import Verdict


def disk_after(steps: Iterable[Step]) -> Disk:
    """Return a disk that has followed these steps."""
    disk = Disk()
    for step in steps:
        disk.follow(step)
    return disk


def cut_power(
    steps: Sequence[Step], database: str, images: int, folder: Path, *, seed: int
) -> Verdict:
    """Rebuild and judge so many images, each kind of luck in turn; all moments are alike.

    ``folder`` holds one image at a time.
    """
    chance = random.Random(seed)
    moments = sorted(chance.choices(range(1, len(steps) + 1), k=images))
    disk, verdict = Disk(), Verdict()
    known: dict[Told, None] = {}
    place = 0
    for number, moment in enumerate(moments):
        for step in steps[place:moment]:
            disk.follow(step)
            known.update(dict.fromkeys(told(step) if step.op == "N" else ()))
        place = moment
        luck = list(Luck)[number % len(Luck)]
        write_files(disk.after_power_cut(luck, chance), folder)
        verdict.judge(f"step {moment}, {luck.name}", folder / database, known)
    return verdict
