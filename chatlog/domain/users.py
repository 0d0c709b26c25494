"""A user: the random id that stands for a name."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class User:
    """The owner of sessions: a random id created for a name at its first use.

    ``name`` is None once the person has been erased; ``commitment`` (32 bytes) stands
    for it in the hash chain, ``number`` for the user in the log's tables.
    """

    id: str
    name: str | None
    number: int
    commitment: bytes
