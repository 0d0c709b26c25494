"""A second, simple reading of the IRC histories: a list of what happened, in order.

Written from the rules of the import alone and sharing nothing with it, so that two
independent readings have to agree.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import NamedTuple


class Happening(NamedTuple):
    """``what`` is chat, join or leave; ``text`` is what was said, or a leave's cause."""

    what: str
    name: str
    text: str = ""


@dataclass
class Story:
    happenings: list[Happening] = field(default_factory=list)
    present: list[str] = field(default_factory=list)
    skipped: int = 0

    def join(self, name: str) -> None:
        if name in self.present:
            self.skipped += 1
        else:
            self.present.append(name)
            self.happenings.append(Happening("join", name))

    def leave(self, name: str, cause: str) -> None:
        if name in self.present:
            self.present.remove(name)
            self.happenings.append(Happening("leave", name, cause))
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
        self.happenings.append(Happening("chat", name, text))

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


def read_story(data: bytes) -> Story:
    story = Story()
    for line in data.split(b"\n"):
        try:
            text = line.decode()
        except UnicodeDecodeError:
            text = line.decode("latin-1")
        if text:
            tell(story, text)
    return story


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
    else:
        story.skipped += 1
