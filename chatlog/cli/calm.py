"""Rate-limit warnings: one line per kind and minute, with a count of the suppressed ones.

A full disk fails every commit, and the server's log may be on that disk. Warnings are of one
kind if they come from the same line of code and concern the same kind of error; a caller that
reports on several things distinguishes them with ``extra={"kind": …}``.
"""

from __future__ import annotations

import copy
import logging
import threading
from dataclasses import dataclass, field
from typing import Final, TextIO

PAUSE_SECONDS: Final = 60.0

Kind = tuple[str, int, object, object]


@dataclass(slots=True)
class _Held:
    """The suppressed records of one kind, and the timer that reports them."""

    timer: threading.Timer
    count: int = 0
    last: logging.LogRecord | None = field(default=None, repr=False)


class CalmHandler(logging.StreamHandler[TextIO]):
    """Writes to stderr; of warnings and errors, the first of a kind at once, then counts."""

    def __init__(self, pause_seconds: float = PAUSE_SECONDS) -> None:
        super().__init__()
        self._pause_seconds = pause_seconds
        self._held: dict[Kind, _Held] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record or count it. The caller holds the handler's lock."""
        if record.levelno < logging.WARNING:
            super().emit(record)
            return
        kind = _kind_of(record)
        if (held := self._held.get(kind)) is None:
            super().emit(record)
            self._hold(kind)
        else:
            held.count, held.last = held.count + 1, record

    def close(self) -> None:
        """Write what is held back, and close."""
        with self.lock or threading.RLock():
            for kind in list(self._held):
                self._write_held(kind)
        super().close()

    def _hold(self, kind: Kind) -> None:
        timer = threading.Timer(self._pause_seconds, self._release, [kind])
        timer.daemon = True
        self._held[kind] = _Held(timer)
        timer.start()

    def _release(self, kind: Kind) -> None:
        with self.lock or threading.RLock():
            if self._write_held(kind):
                self._hold(kind)

    def _write_held(self, kind: Kind) -> bool:
        held = self._held.pop(kind, None)
        if held is None:
            return False
        held.timer.cancel()
        if held.last is None:
            return False
        super().emit(_counted(held.last, held.count, self._pause_seconds))
        return True


def _kind_of(record: logging.LogRecord) -> Kind:
    error = record.exc_info[0] if record.exc_info else None
    return record.pathname, record.lineno, error, getattr(record, "kind", None)


def _counted(record: logging.LogRecord, count: int, seconds: float) -> logging.LogRecord:
    written = copy.copy(record)
    written.msg = f"{record.getMessage()} ({count:,} like this within {seconds:g} s)"
    written.args = ()
    return written
