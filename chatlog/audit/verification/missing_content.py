"""Match missing texts, further contents and names with the erasures that explain them.

A content or a name may be missing only if a later erasure names its event. A range of a room can
be checked alone: erasures of events before the range are kept until the ranges are combined,
in order.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from chatlog.kinds.details import commitments_of
from chatlog.kinds.erasure import Erased
from chatlog.kinds.event import Recorded
from chatlog.kinds.proof import Proof


@dataclass(slots=True)
class MissingContent:
    """Missing contents (their first name, by seq) and names (with their users' ids) that no
    erasure has named so far.
    """

    contents: dict[int, str] = field(default_factory=dict)
    names: dict[int, list[str]] = field(default_factory=dict)
    reaches: list[tuple[int, str, tuple[int, ...]]] = field(default_factory=list)
    """Erasures that name events before ``first``: seq, user, named seqs."""
    first: int = 1

    def see(self, recorded: Recorded, proof: Proof) -> None:
        """Take in the next event."""
        seq, event = recorded.seq, recorded.event
        if (missing := _missing(proof)) is not None:
            self.contents[seq] = missing
        if nameless := [user.id for user in event.everybody if user.name is None]:
            self.names[seq] = nameless
        if type(event) is Erased:
            self._erase(seq, event.user.id, event.of)
            if self.first > 1 and (before := tuple(of for of in event.of if of < self.first)):
                self.reaches.append((seq, event.user.id, before))

    def _erase(self, seq: int, user: str, of: tuple[int, ...]) -> bool:
        """Return whether the eraser erased their own name, which this same event then explains."""
        is_own = any(user in self.names.get(one, ()) for one in of)
        for one in of:
            self.contents.pop(one, None)
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
        self.contents |= later.contents
        self.names |= names

    def first_unexplained(self) -> tuple[int, str] | None:
        """Return the first event with unexplained missing content, and a reason; None if none."""
        found = list(self.contents.items()) + [(seq, "username") for seq in self.names]
        if not found:
            return None
        seq, what = min(found)
        return seq, f"its {what} is missing, and no erasure names it"


def _missing(proof: Proof) -> str | None:
    """Return the name of the first content that was committed to and is missing."""
    if proof.text_commitment is not None and proof.text_salt is None:
        return "text"
    if proof.details is None:
        return None
    return min(commitments_of(proof.details).keys() - proof.salts.keys(), default=None)
