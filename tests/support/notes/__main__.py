"""Run ``chatlog`` with notes: ``python -m tests.support.notes serve``."""

from chatlog import kinds
from tests.support.notes.kind import Noted

kinds.KINDS = (*kinds.KINDS, Noted)

from chatlog.cli import main  # noqa: E402 - after the list is complete

if __name__ == "__main__":
    main()
