"""The figures of a run of the table: for each measure and server, one a turn."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median
from typing import Literal


@dataclass(frozen=True, slots=True)
class Measure:
    """A row of the table. Its ratio says how many times better a server is than the tutorial's."""

    load: str
    what: str
    better: Literal["more", "less"] = "more"


@dataclass(slots=True)
class Figures:
    """All that was measured; None stands for a turn without a result."""

    values: dict[Measure, dict[str, list[float | None]]] = field(default_factory=dict)
    bounds: set[tuple[Measure, str]] = field(default_factory=set)
    """Where the generator and not the server was at its limit: the server can do more."""
    faults: dict[tuple[str, str], str] = field(default_factory=dict)
    """The reason, by load and server, why a turn has no result."""

    def add(self, measure: Measure, server: str, value: float | None) -> None:
        self.values.setdefault(measure, {}).setdefault(server, []).append(value)

    def fail(self, measures: Iterable[Measure], server: str, fault: Exception) -> None:
        """Note that a turn has no result for some measures, and the reason."""
        reason = str(fault) or type(fault).__name__
        for measure in measures:
            self.add(measure, server, None)
            self.faults[measure.load, server] = reason

    def median(self, measure: Measure, server: str) -> float | None:
        """Return the median of the turns that have a result; None where most have none."""
        found = self._found(measure, server)
        is_most = len(found) * 2 > len(self._turns(measure, server))
        return median(found) if is_most else None

    def spread(self, measure: Measure, server: str) -> float | None:
        """Return how far apart the lowest and the highest turn are, as a part of the median."""
        found, middle = self._found(measure, server), self.median(measure, server)
        return (max(found) - min(found)) / middle if middle and len(found) > 1 else None

    def ratio(self, measure: Measure, server: str, other: str) -> float | None:
        """Return how many times better a server is: the median of the ratios of the same turns."""
        turns = zip(self._turns(measure, server), self._turns(measure, other), strict=False)
        pairs = [(mine, others) for mine, others in turns if mine and others]
        if measure.better == "less":
            pairs = [(others, mine) for mine, others in pairs]
        return median([mine / others for mine, others in pairs]) if pairs else None

    def _found(self, measure: Measure, server: str) -> list[float]:
        return [one for one in self._turns(measure, server) if one is not None]

    def _turns(self, measure: Measure, server: str) -> list[float | None]:
        return self.values.get(measure, {}).get(server, [])
