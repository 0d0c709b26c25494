"""Logs of invented conversations in every dialect, each with its truth.

A plot is what happened, to the second; ``render`` writes it as a client would have; the
truth is what an import has to tell, with the precision that the dialect has.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from chatlog.domain.times import FORMAT

NAMES = ("ann", "bob", "[carl]", "dan|away", "eva_", "Fränzi", "g`")


@dataclass(frozen=True, slots=True)
class Happened:
    """``what``: join, chat, act, left, quit, kick, rename or topic."""

    at: datetime
    what: str
    name: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Made:
    """A log on the disk, the flags it needs, and its truth: time, kind, name, text or cause."""

    file: Path
    flags: tuple[str, ...]
    truth: list[tuple[str, str, str, str]]


def plot(seed: int, begin: datetime, *, length: int = 120) -> list[Happened]:
    """Return a conversation of a few days in which everything happens."""
    chance = random.Random(seed)
    now = begin
    present: list[str] = []
    told: list[Happened] = []
    for number in range(length):
        now += timedelta(seconds=chance.choice((0, 1, 40, 300, 3_000)))
        away = [name for name in NAMES if name not in present]
        what = chance.choices(
            ("join", "chat", "act", "left", "quit", "kick", "rename", "topic"),
            (6, 12, 2, 1, 1, 1, 1, 1),
        )[0]
        if (what == "join" and away) or not present:
            name = chance.choice(away)
            present.append(name)
            told.append(Happened(now, "join", name))
        elif what == "rename" and away:
            old, new = chance.choice(present), chance.choice(away)
            present[present.index(old)] = new
            told.append(Happened(now, "rename", old, new))
        elif what in ("left", "quit", "kick"):
            name = present.pop(chance.randrange(len(present)))
            told.append(Happened(now, what, name, "see you"))
        elif what in ("chat", "act", "topic"):
            told.append(
                Happened(now, what, chance.choice(present), f"line {number}, grüße: [x] <y>")
            )
    return told


def truth_of(told: list[Happened], *, seconds: bool) -> list[tuple[str, str, str, str]]:
    """Return what an import has to tell of a plot."""
    found: list[tuple[str, str, str, str]] = []
    present: list[str] = []
    at = ""
    for happened in told:
        moment = happened.at if seconds else happened.at.replace(second=0)
        at = moment.astimezone(UTC).strftime(FORMAT)
        for kind, name, text in _events(happened):
            found.append((at, kind, name, text))
            if kind == "join":
                present.append(name)
            elif kind == "leave":
                present.remove(name)
    return found + [(at, "leave", name, "import_ended") for name in present]


def _events(happened: Happened) -> Iterator[tuple[str, str, str]]:
    causes = {"left": "left", "quit": "disconnected", "kick": "kicked"}
    name, text = happened.name, happened.text
    if happened.what == "join":
        yield "join", name, ""
    elif happened.what == "chat":
        yield "chat", name, text
    elif happened.what == "act":
        yield "chat", name, f"/me {text}"
    elif happened.what == "rename":
        yield "leave", name, "left"
        yield "join", text, ""
    elif happened.what in causes:
        yield "leave", name, causes[happened.what]


Form = dict[str, str]
FORMS: dict[str, Form] = {
    "irc": {
        "join": "=== {n} [~x@h.example] has joined #room", "chat": "[{t:%H:%M}] <{n}> {x}",
        "act": "[{t:%H:%M}]  * {n} {x}", "left": "=== {n} [~x@h.example] has left #room [{x}]",
        "quit": "=== {n} [~x@h.example] has quit [{x}]",
        "kick": "=== {n} was kicked off #room by op ({x})",
        "rename": "=== {n} is now known as {x}", "topic": "=== Topic for #room: {x}",
    },
    "irssi": {
        "join": "{t:%H:%M} -!- {n} [~x@h.example] has joined #room",
        "chat": "{t:%H:%M} <@{n}> {x}", "act": "{t:%H:%M}  * {n} {x}",
        "left": "{t:%H:%M} -!- {n} [~x@h.example] has left #room [{x}]",
        "quit": "{t:%H:%M} -!- {n} [~x@h.example] has quit [{x}]",
        "kick": "{t:%H:%M} -!- {n} was kicked from #room by op [{x}]",
        "rename": "{t:%H:%M} -!- {n} is now known as {x}",
        "topic": "{t:%H:%M} -!- {n} changed the topic of #room to: {x}",
    },
    "weechat": {
        "join": "{t:%Y-%m-%d %H:%M:%S}\t-->\t{n} (~x@h.example) has joined #room",
        "chat": "{t:%Y-%m-%d %H:%M:%S}\t+{n}\t{x}", "act": "{t:%Y-%m-%d %H:%M:%S}\t *\t{n} {x}",
        "left": "{t:%Y-%m-%d %H:%M:%S}\t<--\t{n} (~x@h.example) has left #room ({x})",
        "quit": "{t:%Y-%m-%d %H:%M:%S}\t<--\t{n} (~x@h.example) has quit ({x})",
        "kick": "{t:%Y-%m-%d %H:%M:%S}\t<--\top has kicked {n} ({x})",
        "rename": "{t:%Y-%m-%d %H:%M:%S}\t--\t{n} is now known as {x}",
        "topic": '{t:%Y-%m-%d %H:%M:%S}\t--\t{n} has changed topic for #room to "{x}"',
    },
    "znc": {
        "join": "[{t:%H:%M:%S}] *** Joins: {n} (~x@h.example)", "chat": "[{t:%H:%M:%S}] <{n}> {x}",
        "act": "[{t:%H:%M:%S}] * {n} {x}",
        "left": "[{t:%H:%M:%S}] *** Parts: {n} (~x@h.example) ({x})",
        "quit": "[{t:%H:%M:%S}] *** Quits: {n} (~x@h.example) ({x})",
        "kick": "[{t:%H:%M:%S}] *** {n} was kicked by op ({x})",
        "rename": "[{t:%H:%M:%S}] *** {n} is now known as {x}",
        "topic": "[{t:%H:%M:%S}] *** {n} changes topic to '{x}'",
    },
    "hexchat": {
        "join": "{t:%b %d %H:%M:%S} *\t{n} (~x@h.example) has joined",
        "chat": "{t:%b %d %H:%M:%S} <%{n}>\t{x}", "act": "{t:%b %d %H:%M:%S} *\t{n} {x}",
        "left": "{t:%b %d %H:%M:%S} *\t{n} (~x@h.example) has left ({x})",
        "quit": "{t:%b %d %H:%M:%S} *\t{n} has quit ({x})",
        "kick": "{t:%b %d %H:%M:%S} *\top has kicked {n} from #room ({x})",
        "rename": "{t:%b %d %H:%M:%S} *\t{n} is now known as {x}",
        "topic": "{t:%b %d %H:%M:%S} *\t{n} has changed the topic to: {x}",
    },
    "mirc": {
        "join": "[{t:%H:%M}] * {n} (~x@h.example) has joined #room",
        "chat": "[{t:%H:%M}] <&{n}> {x}", "act": "[{t:%H:%M}] * {n} {x}",
        "left": "[{t:%H:%M}] * {n} (~x@h.example) has left #room ({x})",
        "quit": "[{t:%H:%M}] * {n} (~x@h.example) Quit ({x})",
        "kick": "[{t:%H:%M}] * {n} was kicked by op ({x})",
        "rename": "[{t:%H:%M}] * {n} is now known as {x}",
        "topic": "[{t:%H:%M}] * {n} changes topic to '{x}'",
    },
}  # fmt: skip
HEADS = {
    "irssi": "--- Log opened {t:%a %b %d %H:%M:%S %Y}",
    "hexchat": "**** BEGIN LOGGING AT {t:%a %b %d %H:%M:%S %Y}\n",
    "mirc": "\nSession Start: {t:%a %b %d %H:%M:%S %Y}\nSession Ident: #room",
}
DAYS = {
    "irssi": "--- Day changed {t:%a %b %d %Y}",
    "mirc": "Session Time: {t:%a %b %d} 00:00:00 {t:%Y}",
}
WITH_SECONDS = frozenset({"weechat", "znc", "hexchat"})


def render(dialect: str, told: list[Happened], zone: ZoneInfo) -> str:
    """Write a plot as a client in a time zone would have."""
    lines, day = [], None
    if dialect in HEADS:
        lines.append(HEADS[dialect].format(t=told[0].at.astimezone(zone)))
    for happened in told:
        local = happened.at.astimezone(zone)
        if day not in (None, local.date()) and dialect in DAYS:
            lines.append(DAYS[dialect].format(t=local))
        day = local.date()
        lines.append(
            FORMS[dialect][happened.what].format(t=local, n=happened.name, x=happened.text)
        )
    return "\n".join(lines) + "\n"


def timed(dialect: str, told: list[Happened]) -> list[Happened]:
    """Give what has no time of its own in a dialect that of the line before."""
    if dialect != "irc":
        return told
    first = next(h.at for h in told if h.what in ("chat", "act"))
    found = []
    for happened in told:
        if happened.what in ("chat", "act"):
            first = happened.at
        found.append(replace(happened, at=first))
    return found


def make_log(folder: Path, dialect: str, seed: int) -> Made:
    """Make a log in one dialect; with the seed its zone, encoding and ends of lines change."""
    zone = ZoneInfo(("UTC", "Europe/Berlin", "America/New_York")[seed % 3])
    told = plot(seed, datetime(2020, 1, 2, 9, 30, tzinfo=UTC) + timedelta(days=90 * seed))
    name = f"{told[0].at.astimezone(zone):%Y-%m-%d}"
    if dialect == "slack":
        return _slack(folder / f"slack-{seed}", told)
    text = render(dialect, told, zone)
    encode: Callable[[str], bytes] = (
        lambda text: text.encode(),
        lambda text: text.replace("\n", "\r\n").encode("utf-16"),
        lambda text: text.encode("cp1252"),
    )[seed % 3]
    file = folder / f"{dialect}-{seed}-{name}.log"
    file.write_bytes(encode(text))
    truth = truth_of(timed(dialect, told), seconds=dialect in WITH_SECONDS)
    return Made(file, ("--timezone", zone.key), truth)


def _slack(folder: Path, told: list[Happened]) -> Made:
    """Write a plot as Slack exports it: without kicks and renames, which it does not have."""
    told = _slackened(told)
    channel = folder / "general"
    channel.mkdir(parents=True)
    ids = {name: f"U{number:03}" for number, name in enumerate(NAMES)}
    users = [{"id": id_, "name": name, "real_name": name.title()} for name, id_ in ids.items()]
    (folder / "users.json").write_text(json.dumps(users))
    days: dict[str, list[dict[str, str]]] = {}
    subtypes = {
        "join": "channel_join",
        "left": "channel_leave",
        "act": "me_message",
        "topic": "channel_topic",
    }
    for number, happened in enumerate(told):
        record = {
            "type": "message", "user": ids[happened.name],
            "text": happened.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"),
            "ts": f"{happened.at.timestamp():.0f}.{number:06}",
        }  # fmt: skip
        if happened.what in subtypes:
            record["subtype"] = subtypes[happened.what]
        days.setdefault(f"{happened.at:%Y-%m-%d}", []).insert(0, record)
    for day, records in days.items():
        (channel / f"{day}.json").write_text(json.dumps(records))
    exact = [replace(h, at=h.at.replace(microsecond=number)) for number, h in enumerate(told)]
    return Made(channel, (), truth_of(exact, seconds=True))


def _slackened(told: list[Happened]) -> list[Happened]:
    found = []
    for happened in told:
        if happened.what == "rename":
            found.append(replace(happened, what="left"))
            found.append(Happened(happened.at, "join", happened.text))
        elif happened.what in ("quit", "kick"):
            found.append(replace(happened, what="left"))
        else:
            found.append(happened)
    return found
