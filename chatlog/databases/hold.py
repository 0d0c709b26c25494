"""The sole right to write a log, where a database gives it to one process at a time."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from chatlog.domain.errors import LogError


class DatabaseBusy(LogError):
    """Another process holds the database; ``holder`` is what it has told about itself."""

    def __init__(self, path: Path, holder: dict[str, Any]) -> None:
        self.holder = holder
        who = f"process {holder['pid']}" if "pid" in holder else "another process"
        super().__init__(f"{path} is in use by {who}. Stop it first.")


class Hold(Protocol):
    """The right of this process, until ``release`` or its death."""

    @property
    def path(self) -> Path:
        """The database's file, without links."""

    @property
    def former(self) -> Mapping[str, Any]:
        """The facts about a previous holder that was killed."""

    def tell(self, **about: Any) -> None:
        """Tell other processes facts about this holder."""

    def release(self) -> None:
        """Give the right up."""
