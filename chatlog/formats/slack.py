"""Read a channel's folder of a Slack export: a JSON file per day, ``users.json`` beside it."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from chatlog.domain.errors import LogError
from chatlog.formats.files import Files
from chatlog.formats.formatting import plain
from chatlog.formats.lines import SILENT, Came, Line, Meaning, Stamp, Went, acted, clean_name, said

_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d\.json")
_ENTITY: Final = re.compile(r"<([^<>]+)>")
_CAME: Final = frozenset({"channel_join", "group_join"})
_WENT: Final = frozenset({"channel_leave", "group_leave"})
_SAID: Final = frozenset(
    {"", "bot_message", "thread_broadcast", "file_share", "file_comment", "me_message", "reply"}
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def is_channel(folder: Path) -> bool:
    """Whether a folder is a channel: has files named after days."""
    return any(_DAY.fullmatch(entry.name) for entry in folder.iterdir())


def check_channel(folder: Path) -> None:
    """Refuse a folder that is not a channel.

    Raises:
        LogError: naming its channels, if it is a whole export.
    """
    if is_channel(folder):
        return
    inside = sorted(f.name for f in folder.iterdir() if f.is_dir() and is_channel(f))
    if inside:
        raise LogError(f"{folder.name} holds several channels: name one of {', '.join(inside)}.")
    raise LogError(
        f"{folder.name} is not a channel of a Slack export: it has no file named after a day."
    )


def slack_lines(folder: Path, files: Files) -> Iterator[Line]:
    """Yield a channel's records in the order of their times.

    Raises:
        LogError: if a file does not have Slack's format.
    """
    days = sorted(file for file in folder.iterdir() if _DAY.fullmatch(file.name))
    names = _names_in_records(days, files) | _names(folder, files)
    for day in days:
        for record in sorted(_records(day, files), key=_time):
            yield _line(record, names)


def _records(day: Path, files: Files) -> list[dict[str, Any]]:
    return [record for record in _list(day, files) if isinstance(record, dict)]


def _names_in_records(days: Sequence[Path], files: Files) -> dict[str, str]:
    """Return who is who by the records themselves: ``users.json`` lacks other workspaces' people.

    Only some records of such a person have the name, but all of them are of one person.
    """
    names: dict[str, str] = {}
    for day in days:
        for record in _records(day, files):
            profile = record.get("user_profile")
            if isinstance(profile, dict) and (name := profile.get("name")):
                names.setdefault(str(record.get("user")), str(name))
    return names


def _list(file: Path, files: Files) -> list[Any]:
    with files.open(file) as opened:
        data = opened.read()
    try:
        found = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise LogError(f"{file.name} is not JSON.") from None
    if not isinstance(found, list):
        raise LogError(f"{file.name} is not a list of records as Slack exports them.")
    return found


def _names(folder: Path, files: Files) -> dict[str, str]:
    """Return the users' handles, which are unique, by id."""
    for beside in (folder.parent, folder):
        if (file := beside / "users.json").is_file():
            users = [user for user in _list(file, files) if isinstance(user, dict)]
            return {str(user.get("id")): _handle(user) for user in users}
    return {}


def _handle(user: Mapping[str, Any]) -> str:
    profile = user.get("profile")
    inner = profile if isinstance(profile, dict) else {}
    known = (user.get("name"), inner.get("display_name"), user.get("real_name"), user.get("id"))
    return next((str(name) for name in known if name), "")


def _time(record: Mapping[str, Any]) -> int:
    """Return a record's time in microseconds; 0 if it has none."""
    whole, _, part = str(record.get("ts", "")).partition(".")
    digits = part.ljust(6, "0")[:6]
    return int(whole + digits) if whole.isdecimal() and digits.isdecimal() else 0


def _line(record: Mapping[str, Any], names: Mapping[str, str]) -> Line:
    subtype = str(record.get("subtype") or "")
    shown = f"{record.get('type')}/{subtype or 'message'}"
    at = _time(record)
    if not at or record.get("type") != "message":
        return Line(None, None, shown)
    return Line(_stamp(at), _meaning(record, subtype, names), shown, is_announced=subtype != "")


def _stamp(micros: int) -> Stamp:
    try:
        at = _EPOCH + timedelta(microseconds=micros)
    except OverflowError:
        raise LogError("A record's time is beyond the year 9999.") from None
    seconds = at.hour * 3600 + at.minute * 60 + at.second
    return Stamp(seconds, at.microsecond, at.date(), offset=timedelta())


def _meaning(record: Mapping[str, Any], subtype: str, names: Mapping[str, str]) -> Meaning:
    name = _author(record, names)
    if subtype in _CAME:
        return Came(clean_name(name))
    if subtype in _WENT:
        return Went(clean_name(name), "left")
    if subtype in _SAID:
        text = _text(record, names)
        return acted(name, text) if subtype == "me_message" else said(name, text)
    return SILENT


def _author(record: Mapping[str, Any], names: Mapping[str, str]) -> str:
    user = record.get("user")
    if user is not None:
        return names.get(str(user)) or str(user)
    bot = record.get("bot_profile")
    titled = bot.get("name") if isinstance(bot, dict) else None
    return str(record.get("username") or titled or record.get("bot_id") or "")


def _text(record: Mapping[str, Any], names: Mapping[str, str]) -> str:
    text = _ENTITY.sub(lambda found: _entity(found[1], names), str(record.get("text") or ""))
    parts = [html.unescape(text), *_attached(record)]
    lines = "\n".join(part for part in parts if part).splitlines()
    return "\n".join(map(plain, lines))


def _attached(record: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a record says beside its text: files' names, and bots' attachments."""
    for file in _objects(record, "files"):
        if name := file.get("name") or file.get("title"):
            yield f"[{name}]"
    if record.get("text"):
        return
    for attachment in _objects(record, "attachments"):
        yield str(attachment.get("text") or attachment.get("fallback") or "")


def _objects(record: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    listed = record.get(key)
    return [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []


def _entity(inside: str, names: Mapping[str, str]) -> str:
    target, _, label = inside.partition("|")
    if target.startswith("@"):
        return f"@{names.get(target[1:]) or label or target[1:]}"
    if target.startswith("#"):
        return f"#{label or target[1:]}"
    if target.startswith("!"):
        return label or f"@{target[1:].partition('^')[0]}"
    address = target.removeprefix("mailto:")
    return f"{label} ({address})" if label and label != address else address
