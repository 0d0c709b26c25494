"""The raw results of a run, a line of JSON for each step, so that an interrupted run can go on.

The first line says what is run, on what machine and with which code of chatlog. A step is one
server's turn of one load: its figures, or why it has none, how long it took and how many cores
other programs kept busy meanwhile.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import chatlog
from bench.machine import OtherWork
from bench.result import NoResult

FAULTS: Final = (NoResult, OSError, RuntimeError)
"""What leaves a turn without a result."""
_CODE: Final = Path(chatlog.__file__).parent

Found = TypeVar("Found", bound=list[Any])


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run of the command measures."""

    parts: list[str]
    servers: list[str]
    seconds: float
    """Of each load, after its warm-up."""
    repeat: int
    """Turns, of which the table has the medians."""


class Journal:
    """The file of one run."""

    def __init__(self, path: Path, plan: Plan) -> None:
        self.path, self.plan = path, plan
        self._steps: dict[str, dict[str, Any]] = {}

    @classmethod
    def begin(cls, path: Path, plan: Plan, facts: Mapping[str, str]) -> Journal:
        """Start a file; what it held is lost."""
        head = {"plan": asdict(plan), "facts": dict(facts), "code": _fingerprint()}
        path.write_text(json.dumps(head) + "\n", encoding="utf-8")
        return cls(path, plan)

    @classmethod
    def resume(cls, path: Path, facts: Mapping[str, str]) -> Journal:
        """Continue a run: its steps are not measured again.

        Raises:
            ValueError: the file is from another machine, other versions or other code of chatlog.
        """
        whole = path.read_bytes().rpartition(b"\n")[0]  # without a line that is half written
        head, *steps = map(json.loads, whole.splitlines())
        if (head["facts"], head["code"]) != (dict(facts), _fingerprint()):
            raise ValueError(f"{path}: from another machine, other versions or other code")
        os.truncate(path, len(whole) + 1)
        journal = cls(path, Plan(**head["plan"]))
        journal._steps = {step["step"]: step for step in steps}
        return journal

    def once(self, step: str, measure: Callable[[], Found]) -> Found:
        """Return what a step has found, measured now or in the run that this one continues.

        Raises:
            NoResult: the step has no result.
        """
        if step not in self._steps:
            print(step, file=sys.stderr, flush=True)
            self._steps[step] = _measured(step, measure)
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(self._steps[step]) + "\n")
        known = self._steps[step]
        if "fault" in known:
            raise NoResult(known["fault"])
        found: Found = known["found"]
        return found

    def other_cores(self) -> float:
        """Return how many cores others kept busy, the mean of all steps."""
        seconds = sum(step["seconds"] for step in self._steps.values())
        busy = sum(step["seconds"] * step["other_cores"] for step in self._steps.values())
        return busy / seconds if seconds else 0.0


def _measured(step: str, measure: Callable[[], list[Any]]) -> dict[str, Any]:
    others, begun = OtherWork(), time.monotonic()
    result: dict[str, Any]
    try:
        result = {"found": measure()}
    except FAULTS as fault:
        result = {"fault": str(fault) or type(fault).__name__}
        print(f"  no result: {fault!r}", file=sys.stderr, flush=True)
    return {
        "step": step,
        **result,
        "seconds": time.monotonic() - begun,
        "other_cores": others.cores(),
    }


def _fingerprint() -> str:
    """Return a hash of chatlog's modules."""
    found = hashlib.sha256()
    for path in sorted(_CODE.rglob("*.py")):
        found.update(path.read_bytes())
    return found.hexdigest()[:16]
