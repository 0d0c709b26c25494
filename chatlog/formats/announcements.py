"""Parse server announcements, which logs of all dialects word alike.

``bob (~bob@host) has joined #room``, ``Quits: bob (…)``, ``bob was kicked from #room by
ann``: dialects differ in the prefix of such a sentence, but hardly in its words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import chain
from typing import Final

from chatlog.formats.lines import (
    SILENT,
    Came,
    Line,
    LineCause,
    Meaning,
    OwnCame,
    OwnName,
    OwnReady,
    OwnWent,
    Renamed,
    Stamp,
    Together,
    Went,
    acted,
    clean_name,
    said,
)

_NICK: Final = r"(?P<name>\S{1,200})"
_NAME: Final = r"(?P<name>\S.{0,200}?)"
"""A name, possibly with spaces, as in some real logs and on other networks."""
_HOST: Final = r"(?: {1,3}[\[(]\S{0,300}[\])])"
_OF_A_HOST: Final = re.compile(r" {0,2}[\[(][^\s@]{1,100}@[^\s@]{1,300}[\])](?: |$)")
_FURTHER: Final = re.compile(r"(?<=.) {1,3}[\[(]")
_REASON: Final = r" *[\[(].*"
_CHANNEL: Final = r"[#&+!]\S*"
_ROOM: Final = r"(?:the )?(?:room|channel|chat|conversation)"

Rule = tuple[re.Pattern[str], Callable[[re.Match[str]], Meaning]]


def _rule(pattern: str, meaning: Callable[[re.Match[str]], Meaning]) -> Rule:
    return re.compile(pattern, re.DOTALL), meaning


def _came(found: re.Match[str]) -> Meaning:
    return Came(clean_name(found["name"]))


def _went(cause: LineCause) -> Callable[[re.Match[str]], Meaning]:
    return lambda found: Went(clean_name(found["name"]), cause)


def _left_room(found: re.Match[str]) -> Meaning:
    reason = (found["reason"] or "").strip(" ([.").lower()
    cause: LineCause = "left"
    if reason.startswith("kicked"):
        cause = "kicked"
    elif re.match(r"(quit|disconnect|timed out|ping timeout)", reason):
        cause = "disconnected"
    return Went(clean_name(found["name"]), cause)


def _stayed(found: re.Match[str]) -> Meaning:
    # An account and a real name may stand between the name and the host.
    name = clean_name(_FURTHER.split(found["name"], maxsplit=1)[0])
    if found["how"] == "joined":
        return Came(name)
    return Went(name, "left" if found["how"] == "left" else "disconnected")


def _was_kicked(found: re.Match[str]) -> Meaning:
    return Went(clean_name(found["name"] or found["whom"]), "kicked")


def _renamed(found: re.Match[str]) -> Meaning:
    return Renamed(clean_name(found["name"]), clean_name(found["new"]))


def _split(found: re.Match[str]) -> Meaning:
    return Together(tuple(Went(name, "disconnected") for name in _names(found["names"])))


def _rejoined(found: re.Match[str]) -> Meaning:
    return Together(tuple(Came(name) for name in _names(found["names"])))


def _names(written: str) -> list[str]:
    # irssi ends a long list with "(+12 more, use /NETSPLIT to show all of them)".
    listed = re.sub(r"[(+]\+?\d{1,6} more.*", "", written, flags=re.DOTALL)
    return [clean_name(name) for name in re.split(r"[, ]+", listed) if name.strip()]


_OWN: Final[tuple[Rule, ...]] = (
    _rule(
        r"(?:You(?:'re| are| have been) (?:now known as|renamed to)|Your nick is now)"
        r" (?P<name>\S+?)\.?",
        lambda m: OwnName(clean_name(m["name"])),
    ),
    _rule(
        r"(?:You (?:have |'ve )?(?:joined|entered|rejoined)\b.*"
        r"|(?:You(?:'re| are) )?[Nn]ow talking (?:in|on) .*|Rejoined channel .*)",
        lambda _m: OwnCame(),
    ),
    _rule(r"Channel \S+: \d+ nicks .*|Irssi: (?:\S+: Total of|Join to) .*", lambda _m: OwnReady()),
    _rule(r"You (?:have been|were) kicked\b.*", lambda _m: OwnWent("kicked")),
    _rule(r"You (?:have |'ve )?(?:left|parted)\b.*", lambda _m: OwnWent("left")),
    _rule(r"(?:irc: )?[Dd]isconnected(?: from .*| \(.*|\.)?", lambda _m: OwnWent("disconnected")),
)

_LABELLED: Final[tuple[Rule, ...]] = (
    _rule(rf"Joins: {_NAME}(?:{_HOST}.*)?", _came),
    _rule(rf"Parts: {_NAME}(?:{_HOST}.*)?", _went("left")),
    _rule(rf"Quits: {_NAME}(?:{_HOST}.*)?", _went("disconnected")),
    _rule(r"Netsplit over, joins: (?P<names>.+)", _rejoined),
    _rule(r"Netsplit \S+ <-> \S+ quits: (?P<names>.+)", _split),
)

# Each begins with its subject, so that a sentence quoted in a reason or topic never matches.
_OTHERS: Final[tuple[Rule, ...]] = (
    _rule(
        rf"{_NICK}(?: {{1,3}}[\[(].{{0,300}}?)??{_HOST} {{1,3}}(?:has )?"
        r"(?P<how>joined|left|[Qq]uit)\b.*",
        _stayed,
    ),
    _rule(rf"{_NICK} has joined(?: {_CHANNEL})?\.?", _came),
    _rule(rf"{_NICK} has left(?: {_CHANNEL})?(?:{_REASON})?\.?", _went("left")),
    _rule(rf"{_NICK} has quit(?: IRC)?(?:{_REASON})?\.?", _went("disconnected")),
    _rule(
        rf"{_NICK}{_HOST}? (?:was|has been|got) kicked"
        rf"(?: (?:(?:off|from|out of) (?:{_ROOM}|{_CHANNEL})|by|[\[(]).*|\.)?",
        _went("kicked"),
    ),
    _rule(
        rf"\S{{1,200}} (?:has kicked {_NICK}(?: (?:from|off|out of) (?:{_ROOM}|{_CHANNEL}))?"
        rf"|kicked (?P<whom>\S{{1,200}}) (?:from|off|out of) (?:{_ROOM}|{_CHANNEL}))"
        rf"(?:{_REASON})?\.?",
        _was_kicked,
    ),
)

_WITH_SPACES: Final[tuple[Rule, ...]] = (
    _rule(rf"{_NAME}{_HOST} {{1,3}}(?:has )?(?P<how>joined|left|[Qq]uit)\b.*", _stayed),
    _rule(rf"{_NAME}{_HOST}? (?:has )?(?:entered|joined|rejoined) {_ROOM}\.?", _came),
    _rule(rf"{_NAME}{_HOST}? (?:has )?left {_ROOM}(?P<reason>{_REASON})?\.?", _left_room),
    _rule(
        rf"{_NAME}{_HOST}? (?:was|has been|got) kicked (?:off|from|out of) {_ROOM}\b.*",
        _went("kicked"),
    ),
    _rule(
        rf"{_NAME} (?:is now (?:known as|called)|(?:was|has been) renamed to"
        r"|(?:has )?changed (?:(?:his|her|their|its) )?(?:nick(?:name)?|name) to)"
        r" (?P<new>\S.{0,200})",
        _renamed,
    ),
)

_SILENT: Final = re.compile(
    r"(?:(?:server)?mode/\S+ .*|Mode \S+ \[.*"
    r"|Topic(?: for \S+)?(?: is|:| set by| unset by)\b.*|Topic for \S+: .*|Topic \(\S+\): .*"
    rf"|Set by .* on .*|\S{{1,200}}{_HOST}? (?:has )?(?:sets? modes?\b|set the topic\b"
    r"|(?:changed|changes|unset|cleared) (?:the )?topic\b"
    r"|(?:sets|removes) (?:ban|quiet|exempt|invite|user limit|channel)\b"
    r"|(?:gives|removes) (?:channel|voice|half|owner)\b).*"
    r"|Irssi: .*|\S+ created .*|Channel \S+(?: created|:| modes| url:).*|Join to \S+ was synced .*"
    r"|Retrieving \S+ (?:modes|info).*|Attempting to rejoin .*|Home page for .*"
    r"|(?:Nicks|Users on) \S+: .*|You(?:'ve|'re| have| are| were)\b.*"
    r"|Connected to IRC.*|Notice\(.*|Netsplit\b.*)",
    re.DOTALL | re.IGNORECASE,
)


_OWN_BEGIN: Final = (
    *("You", "Now", "now", "Rejoined", "Disconnected"),
    *("irc: ", "Irssi: ", "Channel "),
)


def announced(text: str) -> Meaning:
    """Parse a server's sentence; None if it is not recognised."""
    rules = chain(_OWN if text.startswith(_OWN_BEGIN) else (), _LABELLED, _OTHERS)
    if (meaning := _first(rules, text)) is not None:
        return meaning
    return SILENT if _SILENT.fullmatch(text) else _first(_WITH_SPACES, text)


def starred(found: re.Match[str], stamp: Stamp | None, text: str) -> Line:
    """Parse the line of a client that begins both its own sentences and actions with ``*``.

    ``found`` has the groups ``name`` and ``text`` of a message, or ``sentence``.
    """
    if found["name"] is not None:
        return Line(stamp, said(found["name"], found["text"] or ""), text)
    if found["sentence"] is None:
        return Line(stamp, SILENT, text)
    # Actions and server sentences begin alike: an unrecognised one is an action.
    if (what := announced(found["sentence"].strip())) is not None:
        return Line(stamp, what, text, is_announced=True)
    actor, _, deed = found["sentence"].partition(" ")
    if _OF_A_HOST.match(deed):  # no action gives its actor's host
        return Line(stamp, None, text, is_announced=True)
    return Line(stamp, acted(actor, deed), text)


def _first(rules: Iterable[Rule], text: str) -> Meaning:
    for pattern, meaning in rules:
        if (found := pattern.fullmatch(text)) is not None:
            return meaning(found)
    return None
