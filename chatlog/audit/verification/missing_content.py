"""Match missing texts and names with the erasures that explain them.

A text or a name may be missing only if a later erasure names its event. A range of a room can
be checked alone: erasures of events before the range are kept until the ranges are combined,
in order.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from chatlog.kinds.erasure import Erased
from chatlog.kinds.event import Proof, Recorded


@dataclass(slots=True)
class MissingContent:
    """Missing texts and names (with their user's id) that no erasure has named so far."""

    texts: set[int] = field(default_factory=set)
    names: dict[int, str] = field(default_factory=dict)
    reaches: list[tuple[int, str, tuple[int, ...]]] = field(default_factory=list)
    """Erasures that name events before ``first``: seq, user, named seqs."""
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
        """Return whether the eraser erased their own name, which this same event then explains."""
        is_own = any(self.names.get(one) == user for one in of)
        for one in of:
            self.texts.discard(one)
            self.names.pop(one, None)
        if is_own:
            self.names.pop(seq, None)
        return is_own

    def go_on(self, later: MissingContent) -> None:
        """Append the range that follows this one."""
        names = dict(later.names)
        for seq, user, of in later.reaches:
            if self._erase(seq, user, of):
                names.pop(seq, None)
        self.texts |= later.texts
        self.names |= names

    def first_unexplained(self) -> tuple[int, str] | None:
        """Return the first event with unexplained missing content, and a reason; None if none."""
        found = [(seq, "its text is missing, and no erasure names it") for seq in self.texts]
        found += [(seq, "its username is missing, and no erasure names it") for seq in self.names]
        return min(found, default=None)
