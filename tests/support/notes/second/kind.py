"""The second version of notes: ``details`` hold a tint, in capitals, where they held a colour."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, ClassVar

from chatlog.domain.users import User
from chatlog.kinds.event import Facts, canonical, required
from tests.support.notes.kind import Noted


def _to_tint(details: dict[str, Any]) -> dict[str, Any]:
    return {"tint": details["colour"].upper()}


@dataclass(frozen=True, slots=True)
class NotedAgain(Noted):
    """Somebody wrote a note; its colour is stored as a tint."""

    version: ClassVar = 2
    upcasts: ClassVar = {1: _to_tint}

    def facts(self) -> Facts:
        first = Noted.facts(self)
        return first._replace(details=canonical({"tint": self.colour.upper()}))

    @classmethod
    def of_facts(
        cls, user: User, node: str, facts: Facts, text: str | None, about: User | None = None
    ) -> NotedAgain:
        tint = json.loads(required(facts.details, "details"))["tint"]
        of = tuple(map(int, required(facts.of, "of").split(",")))
        session = required(facts.session, "session")
        return cls(user, session, node, text, of, tint.lower(), facts.client_id)
