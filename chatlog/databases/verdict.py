"""The result of checking what a database keeps beside the rows, on either database."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SchemaVerdict:
    """The checks made (in the plural), and in a clause what differs from a new log.

    ``unsure`` are objects that could be judged neither right nor wrong, because this server's
    rendering of them is not known.
    """

    looked_at: tuple[str, ...]
    wrong: str | None = None
    unsure: tuple[str, ...] = ()
