"""The coverage of a verification, so that a verdict claims no more than was checked.

``Coverage.looked_at`` lists the checks for programs, ``sentence`` for people.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

ROOM: Final = ("chains", "texts", "names", "erasures", "sessions", "nodes")
"""The checks of each event, of the sessions it begins and ends, and of its server."""

TAIL: Final = (
    "A chain alone does not show that it was truncated: use `chatlog verify --checkpoint FILE`."
)
EMPTY: Final = (
    "The log is empty. Only a checkpoint can tell whether it always was: "
    "use `chatlog verify --checkpoint FILE`."
)
FROM_THE_FIRST: Final = "from each room's first event on"
SINCE: Final = "only for events after that checkpoint: earlier ones were not read again"


@dataclass(frozen=True, slots=True)
class Coverage:
    """The checks made: ``rooms`` on events, ``whole`` on the log as a whole.

    ``unsure`` names objects that could be judged neither right nor wrong. ``start`` says which
    events were read. ``checkpoint`` is the time of the checkpoint compared with the log.
    """

    rooms: tuple[str, ...] = ROOM
    whole: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()
    start: str = FROM_THE_FIRST
    checkpoint: str | None = None

    @property
    def looked_at(self) -> list[str]:
        """The names of all checks."""
        checkpoint = () if self.checkpoint is None else ("checkpoint",)
        return [*self.rooms, *self.whole, *checkpoint]

    def sentence(self) -> str:
        """Return the checks as a sentence that begins with a verb."""
        parts = []
        if self.rooms:
            parts.append(f"{_listed(self.rooms)}, {self.start}")
        if self.whole:
            parts.append(f"{_listed(self.whole)} of the whole log")
        if self.checkpoint is not None:
            parts.append(f"the checkpoint of {self.checkpoint}")
        return f"checked {'; '.join(parts) or 'nothing'}.{self._caveat()}"

    def _caveat(self) -> str:
        if not self.unsure:
            return ""
        return (
            f" Could not judge {_listed(self.unsure)}: "
            "this version of PostgreSQL renders it differently."
        )


def _listed(words: tuple[str, ...]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
