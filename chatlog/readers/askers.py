"""Askers: everybody who may be shown content of the log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Operator:
    """Whoever runs commands on the database itself."""


@dataclass(frozen=True, slots=True)
class Claimant:
    """A client in open mode; its ``name`` is a claim, and None before it has made one."""

    name: str | None = None


Asker = Operator | Claimant

OPERATOR: Final = Operator()
ANYBODY: Final = Claimant()
