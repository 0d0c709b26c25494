"""One line of the table: a figure of chatlog beside the peer's, and their ratio."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median
from typing import Literal


@dataclass(frozen=True, slots=True)
class Line:
    """A measured thing, each side the median of its runs.

    ``ratio`` is how many times better chatlog is, whichever way better lies: the median of
    the ratios of the runs made one right after the other, so that what disturbed the
    machine in between disturbed both.
    """

    scenario: str
    what: str
    unit: str
    chatlog: list[float]
    node: list[float] = field(default_factory=list)
    better: Literal["more", "less"] = "more"
    target: tuple[Literal["ratio", "chatlog"], float] | None = None
    """The least of the named figure; of chatlog's own the most, where less is better."""

    @property
    def ratios(self) -> list[float]:
        pairs = zip(self.chatlog, self.node, strict=False)
        if self.better == "more":
            return [mine / peer for mine, peer in pairs if peer]
        return [peer / mine for mine, peer in pairs if mine]

    @property
    def holds(self) -> bool | None:
        """Whether the target is reached; None without one."""
        if not self.target:
            return None
        which, bound = self.target
        if which == "ratio":
            return median(self.ratios) >= bound
        found = median(self.chatlog)
        return found >= bound if self.better == "more" else found <= bound


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how often to measure."""

    seconds: float = 4.0
    repeat: int = 3
    connections: int = 2000
    with_node: bool = True


class NoResult(Exception):
    """A run that lost, repeated or disordered something, or lost a connection."""


Scenario = Callable[[Plan], list[Line]]
