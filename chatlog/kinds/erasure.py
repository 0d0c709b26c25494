"""Erasure: the content of other events was erased. ``eventlog.steps.erasing_texts`` makes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

import msgspec

from chatlog.domain.names import Limits, check_remark, check_stored_room
from chatlog.domain.rights import Rights
from chatlog.domain.sessions import OpenSessions
from chatlog.domain.users import User
from chatlog.kinds.command import Form
from chatlog.kinds.event import (
    MAX_NUMBER,
    At,
    Event,
    Facts,
    Recorded,
    Via,
    canonical,
    required,
    seqs_in,
    seqs_text,
    shown_name,
)
from chatlog.kinds.proof import ProofLine, author, commitments, with_subject


class Redact(Form, tag="redact", kw_only=True):
    """Erase the texts, topics or reasons of events."""

    room: str
    of: Annotated[
        list[Annotated[int, msgspec.Meta(ge=1, le=MAX_NUMBER)]],
        msgspec.Meta(min_length=1, max_length=500),
    ]
    reason: str = ""
    id: str | None = None

    def check(self, limits: Limits) -> None:
        check_stored_room(self.room, limits)
        check_remark("reason", self.reason)


class ErasureFrame(
    msgspec.Struct, tag_field="type", tag="erasure", omit_defaults=True, kw_only=True
):
    """The content of other events was erased."""

    room: str
    seq: int
    hash: str
    at: At
    via: Via | msgspec.UnsetType = msgspec.UNSET
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

    @property
    def people(self) -> Mapping[str, User]:
        return author(self.user)

    def facts(self) -> Facts:
        sealed = commitments(self.people)
        return Facts(of=seqs_text(self.of), details=canonical(sealed) if sealed else None)

    @classmethod
    def of_facts(
        cls, user: User, node: str, facts: Facts, text: str | None, about: User | None = None
    ) -> Erased:
        return cls(user, node, seqs_in(required(facts.of, "of")), text)

    def frame(self, recorded: Recorded) -> ErasureFrame:
        return ErasureFrame(**recorded.place, of=self.of, username=shown_name(self.user.name))

    def hidden(self) -> Mapping[str, Any]:
        return {"reason": self.reason}

    @classmethod
    def of_line(
        cls, user: User, frame: ErasureFrame, proof: ErasureProofLine, people: Mapping[str, User]
    ) -> Erased:
        if not frame.of or not all(0 < seq <= MAX_NUMBER for seq in frame.of):
            raise ValueError("its `of` must list one or more seqs")
        return cls(with_subject(user, people), proof.node, frame.of, proof.reason)

    def govern(self, rights: Rights, seq: int, at: str) -> None:
        if rights.rules.topic_seq in self.of:
            rights.rules = replace(rights.rules, topic="")

    def cells(self) -> Mapping[str, object]:
        return {"of": " ".join(map(str, self.of)), "reason": self.reason}

    def said(self) -> str:
        return "erased " + ", ".join(map(str, self.of))

    def contradiction(self, seq: int, at: str, sessions: OpenSessions) -> str | None:
        is_right = all(1 <= one < seq for one in self.of)
        return None if is_right else "it erases an event that is not before it"
