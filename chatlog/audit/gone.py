"""What is gone from a room's events, and which erasure says so.

A text or a name may only be missing where a later erasure names its event. A stretch of a
room can be looked at alone: what it names before its beginning is kept until the
stretches are put together, in order.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from chatlog.domain.events import Erased, Recorded
from chatlog.domain.proof import Proof


@dataclass(slots=True)
class Gone:
    """Texts and names (with their user's id) that no erasure has named until now."""

    texts: set[int] = field(default_factory=set)
    names: dict[int, str] = field(default_factory=dict)
    reaches: list[tuple[int, str, tuple[int, ...]]] = field(default_factory=list)
    """Erasures that name events before ``first``: seq, user, what of."""
    first: int = 1

    def see(self, recorded: Recorded, proof: Proof) -> None:
        """Take in the next event."""
        seq, event = recorded.seq, recorded.event
        if proof.text_commitment is not None and proof.text_salt is None:
            self.texts.add(seq)
        if event.user.name is None:
            self.names[seq] = event.user.id
        if isinstance(event, Erased):
            self._erase(seq, event.user.id, event.of)
            if self.first > 1 and (before := tuple(of for of in event.of if of < self.first)):
                self.reaches.append((seq, event.user.id, before))

    def _erase(self, seq: int, user: str, of: tuple[int, ...]) -> bool:
        """Return whether the eraser erased their own name: then this event says so itself."""
        is_own = any(self.names.get(one) == user for one in of)
        for one in of:
            self.texts.discard(one)
            self.names.pop(one, None)
        if is_own:
            self.names.pop(seq, None)
        return is_own

    def go_on(self, later: Gone) -> None:
        """Put the stretch behind this one to it."""
        names = dict(later.names)
        for seq, user, of in later.reaches:
            if self._erase(seq, user, of):
                names.pop(seq, None)
        self.texts |= later.texts
        self.names |= names

    def first_unexplained(self) -> tuple[int, str] | None:
        """Return the first event that lacks something, and what; None where none does."""
        found = [(seq, "its text is gone and no erasure says so") for seq in self.texts]
        found += [(seq, "its user's name is gone and no erasure says so") for seq in self.names]
        return min(found, default=None)
