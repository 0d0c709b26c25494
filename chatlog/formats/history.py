"""A foreign history: a file and how to read it; surveyed once, then told as a story."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Final

from chatlog.domain.errors import LogError
from chatlog.domain.names import Limits
from chatlog.domain.zones import zone_named
from chatlog.formats import slack
from chatlog.formats.clock import Clock
from chatlog.formats.encoding import check_encoding, text_lines
from chatlog.formats.files import Files
from chatlog.formats.formatting import plain
from chatlog.formats.lines import Line
from chatlog.formats.recognise import DIALECTS, FIRST_LINES, known_forms, recognise
from chatlog.formats.stamps import day_in_name
from chatlog.formats.story import Story
from chatlog.formats.survey import Survey, check, empty, not_understood, survey

AUTO: Final = "auto"
SLACK: Final = "slack"


@dataclass(frozen=True, slots=True)
class Reading:
    """How to read a file; plain values, because they cross the control socket.

    ``name`` is the file's original name, which may contain its date; ``date`` (ISO) is its first
    day if neither name nor lines give one.
    """

    path: str
    name: str
    format: str = AUTO
    timezone: str = "UTC"
    encoding: str | None = None
    date: str | None = None
    lenient: bool = False


class History:
    """A surveyed history: every fault that can be found beforehand has been ruled out."""

    def __init__(self, reading: Reading, files: Files | None = None) -> None:
        """Read the file once; ``files`` opens it, and may stop the reading.

        Raises:
            LogError: if it cannot be read or is not recognised.
        """
        self.reading = reading
        self._path = Path(reading.path)
        self._files = files or Files()
        self._zone = zone_named(reading.timezone)
        self._day = _day(reading)
        self._encoding = reading.encoding
        if self._encoding is not None:
            check_encoding(self._encoding)
        self.format = self._find_format(reading.format)
        self.survey: Survey = survey(self._lines, self._day, self._zone)
        check(self.survey, known=known_forms, lenient=reading.lenient)

    def story(self, limits: Limits) -> tuple[Story, Iterator[Line]]:
        """Return a story and the lines for it to read, which are the surveyed ones."""
        found = self.survey
        clock = Clock(self._day, self._zone, half_days=found.half_days)
        clock.begin(found.first_at)
        return Story(clock, limits, found.people), islice(self._lines(), found.lines)

    def _find_format(self, asked: str) -> str:
        if self._path.is_dir():
            if asked not in (AUTO, SLACK):
                raise LogError(f"{self._path.name} is a folder: only Slack exports are folders.")
            slack.check_channel(self._path)
            return SLACK
        if asked == SLACK:
            raise LogError("Unpack the Slack export first, then import a channel's folder.")
        if asked != AUTO:
            return asked
        first = list(islice((line for line in self._texts() if line), FIRST_LINES))
        found = recognise(first)
        if found is not None:
            return found.name
        if not first:
            raise empty()
        raise not_understood(first[0], known_forms())

    def _texts(self) -> Iterator[str]:
        return map(plain, text_lines(self._files.unpacked(self._path), self._encoding))

    def _lines(self) -> Iterator[Line]:
        if self.format == SLACK:
            return slack.slack_lines(self._path, self._files)
        return map(DIALECTS[self.format].parse, self._texts())


def _day(reading: Reading) -> date | None:
    if reading.date is not None:
        return date.fromisoformat(reading.date)
    return day_in_name(reading.name)
