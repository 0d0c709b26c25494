"""Convert days and local times of a time zone to moments of the log.

A clock that is put back shows some times twice, and one that is put forward skips some. At such
a time, a range begins at the earliest possible moment and ends at the latest, so it never
excludes events that its reader would expect in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from chatlog.domain.errors import LogError
from chatlog.domain.times import FIRST, LAST, text

_DAY: Final = timedelta(days=1)
_INSTANT: Final = timedelta(microseconds=1)


def zone_named(name: str) -> tzinfo:
    """Return the time zone of this IANA name.

    Raises:
        LogError: if there is no such zone.
    """
    if name.upper() in ("UTC", "Z"):
        return UTC
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        raise LogError(
            f"{name[:64]!r} is not a time zone: give one such as Europe/Berlin, or UTC."
        ) from None


def earliest(local: datetime, zone: tzinfo) -> str:
    """Return the first moment at which a clock in the zone shows this time.

    Raises:
        OverflowError: if it is outside the years 1 to 9999.
    """
    return text(min(_readings(local, zone)))


def latest(local: datetime, zone: tzinfo) -> str:
    """Return the last such moment; raises as ``earliest`` does."""
    return text(max(_readings(local, zone)))


def day_begins(day: date, zone: tzinfo) -> str:
    """Return the first moment of a day in the zone."""
    try:
        midnights = _readings(datetime.combine(day, time()), zone)
        return text(min(at for at in midnights if at.astimezone(zone).date() >= day))
    except OverflowError:
        return FIRST


def day_ends(day: date, zone: tzinfo) -> str:
    """Return the last moment of a day in the zone."""
    try:
        lasts = (at - _INSTANT for at in _readings(datetime.combine(day + _DAY, time()), zone))
        return text(max(at for at in lasts if at.astimezone(zone).date() <= day))
    except OverflowError:
        return LAST


def on_clock(at: str, zone: tzinfo) -> str:
    """Return a time of the log as local time in the zone, with its offset from UTC."""
    if zone is UTC:
        return at
    try:
        return datetime.fromisoformat(at).astimezone(zone).isoformat(timespec="microseconds")
    except OverflowError:  # there the clock would show another era
        return at


def _readings(local: datetime, zone: tzinfo) -> Iterable[datetime]:
    return [local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
