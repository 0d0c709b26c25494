"""Askers: everybody who may be shown content of the log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from chatlog.domain.identity import Identity


@dataclass(frozen=True, slots=True)
class Operator:
    """Whoever runs commands on the database itself."""


@dataclass(frozen=True, slots=True)
class Claimant:
    """A client in open mode; its ``name`` is a claim, and None before it has made one."""

    name: str | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who has proved who they are; ``via`` is their door, None a socket."""

    identity: Identity
    via: str | None = None


Asker = Operator | Claimant | Person

OPERATOR: Final = Operator()
ANYBODY: Final = Claimant()
