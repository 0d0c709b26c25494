"""An oracle of rights that knows only the log, and folds it in another way than the server.

Each person has a stack of roles. A role without an end replaces the stack; one with an end lies on
top until then. The oracle goes from event to event and, between them, from end to end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.access.people import Frame

ROLES = ("owner", "moderator", "member", "reader", "none", "banned")
RANK = {"banned": -1, "none": 0, "reader": 1, "member": 2, "moderator": 3, "owner": 4}


class Held(NamedTuple):
    """A role and its end, if it has one."""

    role: str
    until: str | None


@dataclass(slots=True)
class Oracle:
    """The rights in a room. ``now`` is the time for which a question is asked."""

    stacks: dict[str, list[Held]] = field(default_factory=dict)
    present: set[str] = field(default_factory=set)
    ran_out: set[str] = field(default_factory=set)
    """Who is present although their role has run out: their leaves are due."""
    rules: dict[str, Any] = field(default_factory=lambda: {"access": "open", "history": "all"})
    was_public: bool = False
    risen: dict[str, int | None] = field(default_factory=dict)
    """The first seq since somebody got a role; None if there is no event since."""
    first_join: dict[str, int] = field(default_factory=dict)
    erasable: dict[int, str] = field(default_factory=dict)
    topic: int | None = None
    _looked: str = ""

    def fold(self, event: Frame) -> None:
        """Add the next event of the log."""
        seq, kind = event["seq"], event.get("event") or event["type"]
        self.go_on(event["at"])
        self.risen = {who: seq if at is None else at for who, at in self.risen.items()}
        if kind == "room":
            self._change(seq, event)
        elif kind == "member":
            self._appoint(seq, event)
        elif kind == "join":
            self.present.add(event["username"])
            self.first_join.setdefault(event["username"], seq)
        elif kind == "leave":
            self.present.discard(event["username"])
            self.ran_out.discard(event["username"])
        elif kind == "chat":
            self.erasable[seq] = event["username"]
        elif kind == "erasure":
            self._erase(event)

    def go_on(self, now: str) -> None:
        """Let the roles end that do so by this time."""
        held = [one for stack in self.stacks.values() for one in stack]
        ends = {one.until for one in held if one.until and self._looked < one.until <= now}
        for end in sorted(ends):
            before = {who: self.role(who, self._looked) for who in self.stacks}
            self._looked = end
            for who, role in before.items():
                if RANK[self.role(who, end)] > 0 >= RANK[role]:
                    self.risen[who] = None
            self.ran_out |= {who for who in self.present if self.rank(who, end) < 1}
        self._looked = max(self._looked, now)

    def _appoint(self, seq: int, event: Frame) -> None:
        who, one = event["subject"], Held(event["role"], event.get("until"))
        if RANK[one.role] > 0 >= RANK[self.role(who, event["at"])]:
            self.risen[who] = seq
        if one.until is None:
            self.stacks[who] = [one]
        else:
            self.stacks.setdefault(who, []).append(one)

    def _erase(self, event: Frame) -> None:
        for one in event["of"]:
            self.erasable.pop(one, None)
        if self.topic in event["of"]:
            self.rules["topic"] = ""

    def _change(self, seq: int, event: Frame) -> None:
        if event["topic"] not in ("", self.rules.get("topic")):
            self.erasable[seq], self.topic = "(topic)", seq
        self.rules = dict(event)
        self.was_public = self.was_public or event["access"] != "private"

    def standing(self, who: str, now: str) -> Held:
        """Return the role that counts, in a room that gives nobody any."""
        left = [one for one in self.stacks.get(who, ()) if one.until is None or one.until > now]
        return left[-1] if left else Held("none", None)

    def role(self, who: str, now: str) -> str:
        return self.standing(who, now).role

    def rank(self, who: str, now: str) -> int:
        rank = RANK[self.role(who, now)]
        return 2 if rank == 0 and self.rules["access"] == "open" else rank

    def lowest(self, who: str, now: str) -> float:
        """Return the seq at which the room begins for somebody who may read it."""
        self.go_on(now)
        if self.rules["history"] == "all" or self.rank(who, now) >= RANK["moderator"]:
            return 1
        found = self.risen[who] if who in self.risen else self.first_join.get(who)
        return float("inf") if found is None else found

    def refusal(self, kind: str, who: str, given: Mapping[str, Any], now: str) -> str | None:
        """The code that a step is refused with; None if it is allowed."""
        if kind == "member" and given["role"] == "owner" and given.get("until"):
            return "bad_command"
        if kind in ("leave", "chat") and who not in self.present:
            return "not_joined"
        if kind == "leave":
            return None
        if kind == "join" and who in self.present:
            return "already_joined"
        rank = self.rank(who, now)
        if rank < 1:
            return self._unseen()
        least = {"chat": 3 if self.rules.get("locked") else 2, "kick": 3}.get(kind, 1)
        if kind == "room":
            least = 3 if {"topic", "locked"} & set(given) else 4
        if rank < least:
            return "forbidden"
        if kind == "member":
            return self._appointment(who, rank, given, now)
        target = RANK[self.role(str(given.get("subject")), now)]
        return "forbidden" if kind == "kick" and rank < 4 and target >= 3 else None

    def _unseen(self) -> str:
        return "forbidden" if self.was_public else "room_unknown"

    def _appointment(self, who: str, rank: int, given: Mapping[str, Any], now: str) -> str | None:
        target, role, until = given["subject"], given["role"], given.get("until")
        standing = self.standing(target, now)
        leaves = target == who and role == "none" and rank >= 2 and standing.until is None
        below = rank == 3 and RANK[standing.role] < 3 and RANK[role] < 3
        if not (rank == 4 or leaves or below):
            return "forbidden"
        if until is not None and until <= now:
            return "bad_command"
        owners = [one for one in self.stacks if self.role(one, now) == "owner"]
        return "forbidden" if owners == [target] and role != "owner" else None

    def redaction(self, who: str, seqs: list[int], log: list[Frame], now: str) -> str | None:
        rank = self.rank(who, now)
        if rank < 1:
            return self._unseen()
        are_own = all(self.erasable.get(seq) == who or _is_chat_of(log, seq, who) for seq in seqs)
        if rank < 3 and not are_own:
            return "forbidden"
        return None if all(seq in self.erasable for seq in seqs) else "bad_command"


def _is_chat_of(log: list[Frame], seq: int, who: str) -> bool:
    event = log[seq - 1]
    return (event["type"], event["username"]) == ("chat", who)


def who_may_have_seen(log: list[Frame], who: str) -> tuple[set[int], set[int]]:
    """Return the seqs that somebody must have been sent, and those that they may have been sent.

    Present with a role: every event. Once the role has run out: their own leave alone.
    """
    oracle, owed, allowed = Oracle(), set[int](), set[int]()
    for event in log:
        was_present, seq, at = who in oracle.present, event["seq"], event["at"]
        oracle.go_on(at)
        was_out = who in oracle.ran_out
        oracle.fold(event)
        is_present = who in oracle.present
        if (was_present or is_present) and (not was_out or not is_present):
            owed.add(seq)
        if not was_out and oracle.rank(who, at) >= 1:
            lowest = oracle.lowest(who, at)
            allowed |= {one["seq"] for one in log[:seq] if one["seq"] >= lowest}
    return owed, owed | allowed
