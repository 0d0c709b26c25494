"""A chat log's clock: converts written times to moments that never go back.

A line without a date belongs to the day of the previous line. When the time goes back, the size
of the step decides what happened: up to two hours, a corrected clock or the end of summer time;
about half a day, noon or midnight on a 12-hour clock; otherwise midnight.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final

from chatlog.domain import times
from chatlog.domain.errors import LogError
from chatlog.formats.lines import Header, Stamp

_DAY: Final = timedelta(days=1)
_HALF_DAY: Final = timedelta(hours=12)
_CORRECTION: Final = timedelta(hours=2)
"""The largest step back that is a corrected clock, or summer time that ends."""
_ABOUT_HALF_A_DAY: Final = timedelta(hours=10)
_SLIGHT: Final = timedelta(minutes=10)


class Clock:
    """Follows the times of one file.

    ``half_days``: the file has a 12-hour clock without AM and PM.
    """

    def __init__(self, day: date | None, zone: tzinfo = UTC, *, half_days: bool = False) -> None:
        self._at: str | None = ""
        """The text of the moment, once somebody has asked for it."""
        self.has_half_day_step = False
        self.widest_hour = 0
        self.steps_back = 0
        """The number of dates or headers more than two hours before the previous line."""
        self._zone = zone
        self._half_days = half_days
        self._round = _HALF_DAY if half_days else _DAY
        self._base = None if day is None else _midnight(day)
        self._written: datetime | None = None
        self._midnight_from: datetime | None = None
        self._moment: datetime | None = None
        self._last: Stamp | None = None

    @property
    def at(self) -> str:
        """The moment of the last line read as RFC 3339 text; empty before the first time."""
        if self._at is None:
            assert self._moment is not None
            self._at = times.text(self._moment)
        return self._at

    @property
    def moment(self) -> datetime | None:
        """The moment of the last line read, as an aware datetime."""
        return self._moment

    def begin(self, at: str) -> None:
        """Set the moment of the lines before the first time."""
        self._at = at

    def read(self, stamp: Stamp) -> None:
        """Advance to a line's time.

        Raises:
            LogError: if the day is unknown.
        """
        if stamp is self._last:
            return
        self._last = stamp
        if stamp.offset is not None and stamp.day is not None:
            self._read_exact(stamp)
        elif stamp.day is not None:
            self._read_date(_of_day(_midnight(stamp.day), stamp))
        elif stamp.month_day is not None:
            self._read_date(_of_day(self._in_year(*stamp.month_day), stamp))
        else:
            self._read_time(stamp)

    def head(self, header: Header) -> None:
        """Advance to the time of a header, which includes the date."""
        self._last = None
        if header.kind == "day" and self._is_day_of(header.at.date()):
            return
        self._base = _midnight(header.at.date())
        self._read_date(header.at)

    def _is_day_of(self, day: date) -> bool:
        return self._written is not None and self._written.date() == day

    def _read_exact(self, stamp: Stamp) -> None:
        assert stamp.day is not None
        assert stamp.offset is not None
        written = _of_day(_midnight(stamp.day), stamp)
        self._advance((written - stamp.offset).replace(tzinfo=UTC), written)

    def _read_date(self, written: datetime) -> None:
        if self._written is not None and self._written - written > _CORRECTION:
            self.steps_back += 1
        self._base = _midnight(written.date())
        self._advance(self._to_utc(written), written)

    def _in_year(self, month: int, day: int) -> datetime:
        """Return the day in the year of the previous line, or in the next year after New Year."""
        known = self._written or self._base
        if known is None:
            raise LogError("The file does not give its year: give --date.")
        for year in (known.year, known.year + 1):
            try:
                found = datetime(year, month, day)  # noqa: DTZ001 - local, as written
            except ValueError:  # 29 February, or beyond the year 9999
                continue
            if known - found <= timedelta(days=180):
                return found
        raise LogError(
            f"No day {day} of month {month} follows {known.date()} within a year: sort the file, "
            "or give another --date."
        )

    def _read_time(self, stamp: Stamp) -> None:
        if self._base is None:
            raise LogError("The file does not give its first day: give --date.")
        if not stamp.meridiem:
            self.widest_hour = max(self.widest_hour, stamp.seconds // 3600)
        else:
            self.widest_hour = 24
        written = _of_day(self._base, stamp)
        if self._half_days:
            written -= _HALF_DAY if stamp.seconds >= _HALF_DAY.seconds else timedelta()
        if self._written is not None:
            written = self._placed(written, self._written)
        self._advance(self._to_utc(written), written)

    def _placed(self, written: datetime, before: datetime) -> datetime:
        """Return a time on the day implied by the size of its step from the previous line."""
        step = before - written
        if step > _CORRECTION:
            self.has_half_day_step |= _ABOUT_HALF_A_DAY <= step < _HALF_DAY + _CORRECTION
            self._midnight_from = before
            return self._turned(written, self._round)
        if self._is_back_over_midnight(written, before):
            return self._turned(written, -self._round)
        return written

    def _turned(self, written: datetime, by: timedelta) -> datetime:
        assert self._base is not None
        try:
            self._base += by
            return written + by
        except OverflowError:
            raise LogError("The file has times beyond the year 9999.") from None

    def _is_back_over_midnight(self, written: datetime, before: datetime) -> bool:
        """Whether a clock just past midnight was put back to before midnight.

        This assumes a log that was busy around midnight; in a quiet one it is the next evening.
        """
        came_from = self._midnight_from
        return (
            came_from is not None
            and before - came_from <= _CORRECTION
            and timedelta() < before - (written - self._round) <= _SLIGHT
        )

    def _to_utc(self, written: datetime) -> datetime:
        """Convert to UTC; in a repeated hour, choose the second moment if the first is past."""
        if self._zone is UTC:
            return written.replace(tzinfo=UTC)
        try:
            first = written.replace(tzinfo=self._zone).astimezone(UTC)
        except OverflowError:
            raise LogError(
                f"{written.year} cannot be the year of a chat: give another --date."
            ) from None
        if self._moment is not None and first < self._moment:
            second = written.replace(tzinfo=self._zone, fold=1).astimezone(UTC)
            if second >= self._moment and second > first:
                return second
        return first

    def _advance(self, moment: datetime, written: datetime) -> None:
        self._written = written
        if self._moment is None or moment > self._moment:
            self._moment = moment
            self._at = None


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)  # noqa: DTZ001 - local, as written


def _of_day(base: datetime, stamp: Stamp) -> datetime:
    return base + timedelta(seconds=stamp.seconds, microseconds=stamp.micros)
