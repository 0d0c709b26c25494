"""Events as plain lines for a person, whose terminal obeys nothing that others wrote.

A line tells all by its words, for screen readers and terminals without colours. Each further line
of a message begins with ``|``, so that nobody can write a line that looks like somebody else's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import tzinfo
from typing import Final

from chatlog.cli.output import visible
from chatlog.client import (
    ChatFrame,
    EventFrame,
    JoinFrame,
    MemberFrame,
    PresenceFrame,
    Reset,
    RoomFrame,
)
from chatlog.domain.counts import counted
from chatlog.domain.zones import on_clock

_MOST_NAMES: Final = 50
_CAUSES: Final = {
    "disconnected": " (disconnected)",
    "timed_out": " (timed out)",
    "shutdown": " (the server stopped)",
    "lapsed": " (the server died)",
    "expired": " (the token expired)",
    "revoked": " (the token was revoked)",
}


class Transcript:
    """Shows events one after the other, with a line where a day begins."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._day = ""

    def lines(self, event: EventFrame | PresenceFrame | Reset) -> Iterator[str]:
        """Yield the lines that show an event; none if it says nothing to a person."""
        if event.type == "reset":
            yield notice("The server's history is no longer the one above. It begins anew here.")
            return
        if event.type == "presence":
            return  # comes only if a join asks for digests, which `chatlog chat` does not
        said = list(_message(event)) if event.type == "chat" else _told(event)
        if not said:
            return
        at = on_clock(event.at, self._zone)
        if at[:10] != self._day:
            self._day = at[:10]
            yield notice(f"{self._day}, times in {self._zone}")
        first, *rest = said
        yield f"[{at[11:16]}] {first}"
        yield from (f"        | {line}" for line in rest)


def _message(event: ChatFrame) -> Iterator[str]:
    first, *rest = event.message.split("\n")
    is_gone = event.erased and not event.message
    yield f"{visible(event.username)}: {'(erased)' if is_gone else visible(first)}"
    yield from map(visible, rest)


def _told(event: EventFrame) -> list[str]:
    said = _said(event)
    return [notice(said)] if said else []


def notice(sentence: str) -> str:
    """Return a sentence that nobody in the room wrote."""
    return f"* {visible(sentence)}"


def present(names: Sequence[str], count: int) -> str:
    """Return the line that says who is present."""
    some = names[:_MOST_NAMES]
    more = f" and {count - len(some)} more" if count > len(some) else ""
    return notice(f"{counted(count, 'person', 'people')} here: {', '.join(some)}{more}")


def _said(event: EventFrame) -> str:
    match event.type:
        case "notification":
            return _arrival(event)
        case "erasure":
            return f"{event.username} erased {counted(len(event.of), 'event')} above."
        case "room":
            return _state(event)
        case "member":
            return _role(event)
        case _:
            return ""


def _arrival(event: JoinFrame) -> str:
    if event.event == "join":
        return f"{event.username} joined."
    if event.cause != "kicked":
        return f"{event.username} left{_CAUSES.get(event.cause or '', '')}."
    by = f" by {event.by}" if event.by is not None else ""
    return f"{event.username} was removed{by}{_because(event.reason)}"


def _state(event: RoomFrame) -> str:
    locked = ", locked" if event.locked else ""
    topic = f' Topic: "{event.topic}"' if event.topic else ""
    return f"{event.username} set the room to {event.access}{locked}.{topic}"


def _role(event: MemberFrame) -> str:
    until = f" until {event.until}" if event.until is not None else ""
    return f"{event.username} made {event.member} {event.role}{until}{_because(event.reason)}"


def _because(reason: str | None) -> str:
    return f": {reason}" if reason else "."
