"""Run ``chatlog`` with notes of version 2: ``python -m tests.support.notes.second serve``."""

from chatlog import kinds
from tests.support.notes import kind
from tests.support.notes.second.kind import NotedAgain

kinds.KINDS = (*kinds.KINDS, NotedAgain)
kind.Noted = NotedAgain  # type: ignore[misc]  # so the command appends version 2

from chatlog.cli import main  # noqa: E402 - after the list is complete

if __name__ == "__main__":
    main()
