"""What a verification looked at, so that its answer claims no more.

``Coverage.looked_at`` names it for programs, ``sentence`` for people.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

ROOM: Final = ("chains", "texts", "names", "erasures", "sessions", "nodes")
"""What is checked of each event, the sessions it begins and ends, and its server."""

TAIL: Final = (
    "A chain does not show that its end was cut off: that is what "
    "`chatlog verify --checkpoint FILE` is for."
)
EMPTY: Final = (
    "The log is empty. Whether it always was, only a checkpoint can tell: "
    "`chatlog verify --checkpoint FILE`."
)
FROM_THE_FIRST: Final = "from each room's first event on"
SINCE: Final = "only of events after that checkpoint: what it vouches for was not read again"
_PLURALS: Final = {"index": "indexes", "policy": "policies"}


@dataclass(frozen=True, slots=True)
class Coverage:
    """``rooms`` of the events, ``whole`` of the log; ``unsure`` could not be told right or wrong.

    ``start`` says of which events. ``checkpoint`` is the time of the one that was held against
    the log.
    """

    rooms: tuple[str, ...] = ROOM
    whole: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()
    start: str = FROM_THE_FIRST
    checkpoint: str | None = None

    @property
    def looked_at(self) -> list[str]:
        """A word for each thing."""
        checkpoint = () if self.checkpoint is None else ("checkpoint",)
        return [*self.rooms, *self.whole, *checkpoint]

    def sentence(self) -> str:
        """Say it in one sentence, which begins with a verb."""
        parts = []
        if self.rooms:
            parts.append(f"at {_listed(self.rooms)}, {self.start}")
        if self.whole:
            parts.append(f"at {_listed(self.whole)} of the whole log")
        if self.checkpoint is not None:
            parts.append(f"at the checkpoint of {self.checkpoint}")
        return f"looked {'; '.join(parts) or 'at nothing'}.{self._caveat()}"

    def _caveat(self) -> str:
        if not self.unsure:
            return ""
        return (
            f" Could not judge {_listed(self.unsure)}: this PostgreSQL writes it in a way that is "
            "not known."
        )


def kinds(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return kinds of objects in the plural."""
    return tuple(_PLURALS.get(name, f"{name}s") for name in names)


def _listed(words: tuple[str, ...]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
