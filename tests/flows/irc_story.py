"""A second, simple reading of the IRC histories: a list of what happened, in order.

Written from the rules of the import alone and sharing nothing with it, so that two
independent readings have to agree.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

HALF_DAY, DAY = 720, 1440
"""Minutes."""


class Happening(NamedTuple):
    """``what`` is chat, join or leave; ``text`` is what was said, or a leave's cause."""

    what: str
    name: str
    text: str = ""


@dataclass
class Story:
    happenings: list[Happening] = field(default_factory=list)
    present: list[str] = field(default_factory=list)
    times: list[str] = field(default_factory=list)
    """Of each happening, to the minute."""
    now: str = ""
    skipped: int = 0
    people: frozenset[str] = frozenset()
    """Whose ``=== NAME does something`` is an action: nobody's in a log after 2007."""

    def happened(self, what: str, name: str, text: str = "") -> None:
        self.happenings.append(Happening(what, name, text))
        self.times.append(self.now)

    def join(self, name: str) -> None:
        if name in self.present:
            self.skipped += 1
        else:
            self.present.append(name)
            self.happened("join", name)

    def leave(self, name: str, cause: str) -> None:
        if name in self.present:
            self.present.remove(name)
            self.happened("leave", name, cause)
        else:
            self.skipped += 1

    def be_there(self, name: str) -> None:
        if name not in self.present:
            self.join(name)

    def say(self, name: str, text: str) -> None:
        if not fit_name(name) or not text.strip() or len(text.encode()) > 8192:
            self.skipped += 1
            return
        self.be_there(name)
        self.happened("chat", name, text)

    def rename(self, old: str, new: str) -> None:
        if not fit_name(old) or not fit_name(new):
            self.skipped += 1
            return
        self.be_there(old)
        self.leave(old, "left")
        self.be_there(new)


def fit_name(name: str) -> bool:
    bad = {"Cc", "Cf", "Zl", "Zp"}
    return 1 <= len(name) <= 64 and not any(unicodedata.category(c) in bad for c in name)


def clean(text: str) -> str:
    return "".join(c for c in text if c == "\t" or unicodedata.category(c) != "Cc")


def called(name: str) -> str:
    return unicodedata.normalize("NFC", name.strip(" "))


def read_story(data: bytes, begins: str = "2020-01-01") -> Story:
    """Read a history that begins on this day."""
    lines = [text_of(line) for line in data.split(b"\n")]
    is_old = begins < "2008"
    story = Story(people=frozenset(people_in(lines)) if is_old else frozenset())
    for text, story.now in zip(lines, times_of(lines, begins), strict=True):
        if text:
            tell(story, text)
    return story


def times_of(lines: list[str], begins: str) -> Iterator[str]:
    """Yield when each line is, by the sizes of the steps back alone."""
    written = [minute_of(line) for line in lines]
    known = [minute for minute in written if minute is not None]
    steps = [before - after for before, after in pairwise(known)]
    has_half_days = max(known) < 13 * 60 and any(600 <= step <= 840 for step in steps)
    turn = HALF_DAY if has_half_days else DAY
    base, before, latest = 0, known[0] % turn, known[0] % turn
    for minute in written:
        if minute is not None:
            if before - minute % turn > 120:
                base += turn
            before = minute % turn
            latest = max(latest, base + before)
        yield f"{datetime.fromisoformat(begins) + timedelta(minutes=latest):%Y-%m-%dT%H:%M}"


def minute_of(line: str) -> int | None:
    found = re.match(r"\[(\d\d):(\d\d)\]", line)
    return None if found is None else int(found[1]) * 60 + int(found[2])


def text_of(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("cp1252", "replace")


def people_in(lines: list[str]) -> Iterator[str]:
    """Everybody who speaks, acts, joins, leaves, quits, is renamed or kicked anywhere."""
    for line in lines:
        if said := re.match(r"\[\d\d:\d\d\] <(.+?)>", line):
            yield called(said[1])
        elif acted := re.match(r"\[\d\d:\d\d\]  \* (\S+)", line):
            yield called(acted[1])
        elif renamed := re.fullmatch(r"=== (.+) is now known as (.+)", line):
            yield from (called(renamed[1]), called(renamed[2]))
        elif kicked := re.match(r"=== (.+?) was kicked off ", line):
            yield called(kicked[1])
        elif stayed := re.match(r"=== (.[^\n]*?) \[[^\]]*\] +has (?:joined|left|quit)\b", line):
            yield called(stayed[1])


def tell(story: Story, line: str) -> None:
    if line.startswith("=== "):
        announce(story, line[4:])
    elif said := re.fullmatch(r"\[\d\d:\d\d\] <(.+?)>(?: (.*))?", line):
        story.say(called(said[1]), clean(said[2] or ""))
    elif acted := re.fullmatch(r"\[\d\d:\d\d\]  \* (\S+)(?: (.*))?", line):
        story.say(called(acted[1]), "/me " + clean(acted[2] or ""))
    else:
        story.skipped += 1


def announce(story: Story, line: str) -> None:
    host = line.find(" [", 1)
    what = re.match(r"\[[^\]]*\] +has (joined|left|quit)\b", line[host + 1 :]) if host > 0 else None
    renamed = re.fullmatch(r"(.+) is now known as (.+)", line)
    if what:
        name = called(line[:host])
        if not fit_name(name):
            story.skipped += 1
        elif what[1] == "joined":
            story.join(name)
        else:
            story.leave(name, {"left": "left", "quit": "disconnected"}[what[1]])
    elif renamed:
        story.rename(called(renamed[1]), called(renamed[2]))
    elif kicked := re.match(r"(.+?) was kicked off ", line):
        story.leave(called(kicked[1]), "kicked")
    elif line.partition(" ")[0] in story.people:
        name, _, deed = line.partition(" ")
        story.say(name, "/me " + clean(deed))
    else:
        story.skipped += 1
