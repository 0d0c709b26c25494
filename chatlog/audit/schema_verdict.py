"""What ``verify`` found of a database's schema, whichever database it is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SchemaVerdict:
    """Which kinds of objects were looked at, and what differs from a new log, in a clause.

    ``unsure`` are objects that could not be told to be right or wrong, as this server renders
    them in a way that is not known.
    """

    kinds: tuple[str, ...]
    wrong: str | None = None
    unsure: tuple[str, ...] = ()
