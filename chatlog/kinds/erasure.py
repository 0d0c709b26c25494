"""Erasure: the content of other events was erased. ``eventlog.erasing`` makes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import msgspec

from chatlog.domain.sessions import OpenSessions
from chatlog.domain.users import User
from chatlog.kinds.event import (
    MAX_NUMBER,
    At,
    Event,
    Facts,
    ProofLine,
    Recorded,
    required,
    seqs_in,
    seqs_text,
    shown_name,
)


class ErasureFrame(msgspec.Struct, tag_field="type", tag="erasure"):
    """The content of other events was erased."""

    room: str
    seq: int
    hash: str
    at: At
    of: tuple[int, ...]
    username: str


class ErasureProofLine(ProofLine, omit_defaults=True):
    """The reason, which clients do not see."""

    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Erased(Event):
    """The content of the events ``of`` was erased by ``user``, for a ``reason``."""

    type: ClassVar = "erasure"
    frames: ClassVar = (ErasureFrame,)
    columns: ClassVar = ("of", "reason")
    proof_line: ClassVar = ErasureProofLine

    user: User
    node: str
    of: tuple[int, ...]
    reason: str | None

    @property
    def text(self) -> str | None:
        return self.reason

    def facts(self) -> Facts:
        return Facts(of=seqs_text(self.of))

    @classmethod
    def of_facts(cls, user: User, node: str, facts: Facts, text: str | None) -> Erased:
        return cls(user, node, seqs_in(required(facts.of, "of")), text)

    def frame(self, recorded: Recorded) -> ErasureFrame:
        return ErasureFrame(*recorded.place, self.of, shown_name(self.user.name))

    def hidden(self) -> Mapping[str, Any]:
        return {"reason": self.reason}

    @classmethod
    def of_line(cls, user: User, frame: ErasureFrame, proof: ErasureProofLine) -> Erased:
        if not frame.of or not all(0 < seq <= MAX_NUMBER for seq in frame.of):
            raise ValueError("its `of` must list one or more seqs")
        return cls(user, proof.node, frame.of, proof.reason)

    def cells(self) -> Mapping[str, object]:
        return {"of": " ".join(map(str, self.of)), "reason": self.reason}

    def said(self) -> str:
        return "erased " + ", ".join(map(str, self.of))

    def contradiction(self, seq: int, sessions: OpenSessions) -> str | None:
        is_right = all(1 <= one < seq for one in self.of)
        return None if is_right else "it erases an event that is not before it"
