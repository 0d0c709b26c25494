"""Read frames: the one place where text from the server becomes typed.

A client skips what it cannot read, so that a newer server can say more than it knows.
"""

from __future__ import annotations

from typing import ClassVar, Final, Literal

import msgspec

from chatlog.client.frames import Answer, EventFrame, HistoryFrame, PresenceFrame


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
RoomEvent = LogEvent | PresenceFrame
"""What comes of a room, in order: events, and digests that stand for several."""
Frame = RoomEvent | Answer

_frames: Final[msgspec.json.Decoder[EventFrame | PresenceFrame | Answer]] = msgspec.json.Decoder(
    EventFrame | PresenceFrame | Answer
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


def first_seq(event: RoomEvent) -> int:
    """Return the first seq that an event or a digest covers; its own ``seq`` is the last."""
    return event.from_ if event.type == "presence" else event.seq


def blank(event: RoomEvent) -> RoomEvent:
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
