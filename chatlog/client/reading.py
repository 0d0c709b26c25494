"""Read frames: the one place where text from the server becomes typed.

A client skips what it cannot read, so that a newer server can say more than it knows.
"""

from __future__ import annotations

from typing import ClassVar, Final, Literal

import msgspec

from chatlog.client.frames import Answer, EventFrame, HistoryFrame


class UnknownEvent(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="unknown"):
    """An event of a type that is newer than this client: nobody gets it, but its seq counts."""

    type: ClassVar[Literal["unknown"]] = "unknown"
    room: str
    seq: int
    hash: str
    at: str


class _AnyEvent(msgspec.Struct):
    """The fields that every event has."""

    type: str
    room: str
    seq: int
    hash: str
    at: str


LogEvent = EventFrame | UnknownEvent
Frame = LogEvent | Answer

_frames: Final[msgspec.json.Decoder[EventFrame | Answer]] = msgspec.json.Decoder(
    EventFrame | Answer
)
_events: Final[msgspec.json.Decoder[EventFrame]] = msgspec.json.Decoder(EventFrame)
_any_event: Final = msgspec.json.Decoder(_AnyEvent)


def frame_in(text: str | bytes) -> Frame | None:
    """Return the frame in a text, or None if it is nothing that a client knows."""
    try:
        return _frames.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _unknown(text)


def events_in(page: HistoryFrame) -> list[LogEvent]:
    """Return the events of a page."""
    return [event for raw in page.events if (event := _event_in(raw)) is not None]


def _event_in(text: msgspec.Raw) -> LogEvent | None:
    try:
        return _events.decode(text)
    except msgspec.DecodeError:
        return _unknown(bytes(text))


def _unknown(text: str | bytes) -> UnknownEvent | None:
    try:
        found = _any_event.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return UnknownEvent(room=found.room, seq=found.seq, hash=found.hash, at=found.at)


def blank(event: LogEvent) -> LogEvent:
    """Return an event without its words, as the server sends it once they are erased."""
    match event.type:
        case "chat":
            return msgspec.structs.replace(event, message="", erased=True)
        case "room":
            return msgspec.structs.replace(event, topic="")
        case "member" | "notification" | "session":
            return msgspec.structs.replace(event, reason=None)
        case _:
            return event
