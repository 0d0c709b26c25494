"""What a disk may hold after a power cut: all that was synced, and any part of the rest.

``Disk`` follows a trace. What a file's sync covered is held for certain; everything since
then may have reached the disk or not, in any order, and a write only in part, by sectors.
The folder's sync makes unlinked names stay gone. (A file whose content was synced is taken
to have its name too, as on ext4.)
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from .trace import Step

SECTOR_BYTES = 512
Files = dict[str, bytearray]


class Luck(Enum):
    """What became of that which was not synced."""

    NOTHING = "nothing of it is on the disk"
    SOME = "some of it is, whole writes"
    TORN = "some of it is, by sectors"


@dataclass(slots=True)
class Disk:
    held: Files = field(default_factory=dict)
    pending: list[Step] = field(default_factory=list)

    def follow(self, step: Step) -> None:
        """Take one step of the trace."""
        if step.op == "S":
            self._sync(step.name)
        elif step.op in "WTU":
            self.pending.append(step)

    def _sync(self, name: str) -> None:
        def covered(step: Step) -> bool:
            return step.op == "U" if name == "." else step.name == name

        for step in filter(covered, self.pending):
            apply(self.held, step)
        self.pending = [step for step in self.pending if not covered(step)]

    def after_power_cut(self, luck: Luck, chance: random.Random) -> Files:
        """Return the files as they may be found when power comes back."""
        files = {name: bytearray(content) for name, content in self.held.items()}
        if luck is not Luck.NOTHING:
            for step in self.pending:
                for part in _parts(step, luck):
                    if chance.random() < 0.5:
                        apply(files, part)
        return files


def apply(files: Files, step: Step) -> None:
    """Do to the files what the step did."""
    if step.op == "U":
        files.pop(step.name, None)
        return
    content = files.setdefault(step.name, bytearray())
    end = step.offset + len(step.data)
    if len(content) < end:
        content.extend(bytes(end - len(content)))
    if step.op == "T":
        del content[step.offset :]
    else:
        content[step.offset : end] = step.data


def _parts(step: Step, luck: Luck) -> Iterable[Step]:
    if luck is not Luck.TORN or step.op != "W":
        return [step]
    return [
        Step("W", step.name, step.offset + start, step.data[start : start + SECTOR_BYTES])
        for start in range(0, len(step.data), SECTOR_BYTES)
    ]


def write_files(files: Files, folder: Path) -> None:
    """Lay the files into a folder, and nothing else."""
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for name, content in files.items():
        (folder / name).write_bytes(content)
