"""The server's log: of one kind of warning a line a minute, with a count of the others."""

from __future__ import annotations

import io
import logging
import threading
from collections.abc import Iterator

import pytest

from chatlog.cli.calm import CalmHandler


class Paper(io.StringIO):
    """What a handler writes on; the first count can be waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.counted = threading.Event()

    def write(self, text: str) -> int:
        written = super().write(text)
        if "like this" in text:
            self.counted.set()
        return written

    @property
    def lines(self) -> list[str]:
        return self.getvalue().splitlines()


@pytest.fixture
def log() -> Iterator[logging.Logger]:
    logger = logging.getLogger("tests.calm")
    logger.propagate = False
    logger.setLevel(logging.INFO)
    yield logger
    for handler in calm(logger):
        logger.removeHandler(handler)
        handler.close()


def calm(logger: logging.Logger) -> list[CalmHandler]:
    """Return our handlers of a logger; pytest may have one of its own there."""
    return [handler for handler in logger.handlers if isinstance(handler, CalmHandler)]


def paper(log: logging.Logger, pause_seconds: float = 60.0) -> Paper:
    handler, written = CalmHandler(pause_seconds), Paper()
    handler.setStream(written)
    log.addHandler(handler)
    return written


def test_a_warning_that_repeats_is_written_once_and_counted_at_the_end(log: logging.Logger) -> None:
    written = paper(log)
    for number in range(500):
        log.warning("The log could not be written: %s", f"no space, says {number}")
    assert written.lines == ["The log could not be written: no space, says 0"]
    calm(log)[0].close()
    (counted,) = written.lines[1:]
    assert counted == "The log could not be written: no space, says 499 (499 like this within 60 s)"


def test_the_count_is_written_when_the_minute_is_over(log: logging.Logger) -> None:
    written = paper(log, pause_seconds=0.05)
    for _ in range(3):
        log.warning("100 % full")
    assert written.counted.wait(10)
    assert written.lines == ["100 % full", "100 % full (2 like this within 0.05 s)"]


def test_other_warnings_are_not_held_back_by_one_that_repeats(log: logging.Logger) -> None:
    written = paper(log)
    for _ in range(3):
        for task in ("tail", "lease"):
            log.warning("%s failed", task, extra={"kind": task})
        log.warning("another line of code")
        log.error("and an error")
    assert written.lines == ["tail failed", "lease failed", "another line of code", "and an error"]


def test_errors_of_two_classes_are_of_two_kinds(log: logging.Logger) -> None:
    written = paper(log)
    for error in (OSError("a"), OSError("b"), KeyError("c")):
        log.error("failed", exc_info=error)
    assert [line for line in written.lines if not line.startswith(" ")] == [
        "failed", "OSError: a", "failed", "KeyError: 'c'",
    ]  # fmt: skip


def test_what_is_no_warning_is_always_written(log: logging.Logger) -> None:
    written = paper(log)
    for _ in range(3):
        log.info("hello")
    assert written.lines == ["hello"] * 3
