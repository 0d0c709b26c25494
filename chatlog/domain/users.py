"""A user: the random id that stands for a name."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Subject:
    """A person who has proved who they are, whatever their names: the ``sub`` of their tokens.

    ``subject`` is None once the person has been erased; ``commitment`` (32 bytes) stands for it
    in the hash chain, ``number`` for the subject in the log's tables. One that ``is_renamed`` has
    had several names, and so is several users.
    """

    id: str
    subject: str | None
    number: int
    commitment: bytes
    is_renamed: bool = False


@dataclass(frozen=True, slots=True)
class User:
    """The owner of sessions: a random id created for a name at its first use.

    ``name`` is None once the person has been erased; ``commitment`` (32 bytes) stands
    for it in the hash chain, ``number`` for the user in the log's tables. A user of a
    ``subject`` is that person under one of their names.
    """

    id: str
    name: str | None
    number: int
    commitment: bytes
    subject: Subject | None = None
