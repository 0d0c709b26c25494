"""The error classes. Codes are those of the protocol; sentences say what the reader can do.

::

    ChatlogError            any error that this program raises itself
    ├── Refused             a command that is not in the log and never will be
    │   ├── RoomUnknown     … because the room has no events
    │   ├── StorageFull     … because the disk or the database is full
    │   ├── Unavailable     … because the database cannot be reached now
    │   └── Overloaded      … because a queue is full
    ├── OutcomeUnknown      a command that may or may not be in the log
    ├── NotRunning          the server has not started yet, or has stopped
    ├── LeaseLost           this node was declared dead; its sessions have lapsed
    └── LogError            a log, a URL or a file cannot be used as it is
"""

from __future__ import annotations

import re
from typing import Final

_NUMBER: Final = re.compile(r"\[Errno -?\d+\] ?")


def said_by_system(error: OSError) -> str:
    """Return the operating system's message for a failure and its files, without error numbers."""
    said = error.strerror or _NUMBER.sub("", str(error)) or type(error).__name__
    files = [str(file) for file in (error.filename, error.filename2) if file is not None]
    said = _NUMBER.sub("", said).rstrip(".")
    return f"{' and '.join(files)}: {said}." if files else f"{said}."


class ChatlogError(Exception):
    """An error of this program, with a sentence for the reader."""


class Refused(ChatlogError):
    """A command was refused: nothing of it is in the log and nothing ever will be.

    ``code`` is one of the protocol's error codes.
    """

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


class RoomUnknown(Refused):
    """There is no room of this name, or none that the asker may see."""

    def __init__(self) -> None:
        super().__init__("room_unknown", "There is no room of this name.")


class RateLimited(Refused):
    """Somebody is too fast; ``retry_after`` is the pause to make, in seconds."""

    def __init__(self, sentence: str, retry_after: float) -> None:
        super().__init__("rate_limited", sentence)
        self.retry_after = retry_after


class StorageFull(Refused):
    """The disk or the database is full; the command is not in the log."""

    def __init__(self) -> None:
        super().__init__("storage_full", "The server's storage is full. Try again later.")


class Unavailable(Refused):
    """The database cannot be reached; the command is not in the log."""

    def __init__(self, sentence: str = "The log cannot be written now. Try again.") -> None:
        super().__init__("unavailable", sentence)


class Overloaded(Refused):
    """A queue is full; the command is not in the log."""

    def __init__(self) -> None:
        super().__init__("overloaded", "The server is overloaded. Try again in a moment.")


class OutcomeUnknown(ChatlogError):
    """The database was lost during the commit: the command may or may not be in the log."""

    code = "outcome_unknown"
    sentence = (
        "The outcome is unknown: this may or may not be stored. Send it again with the same id."
    )


class NotRunning(ChatlogError):
    """The embedding program asks a server that has not started yet, or has stopped."""


class LeaseLost(ChatlogError):
    """This node was declared dead by another: its sessions have lapsed in the log."""


class LogError(ChatlogError):
    """A log, a URL or a file cannot be used as it is: the sentence says which, and why.

    The log may be damaged, locked by another process, or of another version; an option or a
    URL not in form; a file to import not understood.
    """
