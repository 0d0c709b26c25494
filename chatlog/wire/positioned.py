"""Frames with their position in the log, for the program that embeds the server.

Each is a frame as clients get it, of a subclass that has ``position`` and ``type`` besides:
``isinstance(event, ChatFrame)`` and ``event.message`` work, and encoded as JSON it is a line of
``chatlog follow --jsonl``.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final, Literal, Protocol

import msgspec

from chatlog.kinds.chat import ChatFrame
from chatlog.kinds.event import Recorded
from chatlog.kinds.registry import FRAMES


class Positioned(Protocol):
    """The fields of every event's frame, and its position; ``type`` is the frame's."""

    @property
    def type(self) -> str: ...
    @property
    def room(self) -> str: ...
    @property
    def seq(self) -> int: ...
    @property
    def hash(self) -> str: ...
    @property
    def at(self) -> str: ...
    @property
    def username(self) -> str: ...
    @property
    def position(self) -> int: ...


class PositionedChat(ChatFrame, tag="chat", kw_only=True):
    """A message of a person, and its position in the log."""

    type: ClassVar[Literal["chat"]] = "chat"
    position: int


def _with_position(frame: type[msgspec.Struct]) -> type[msgspec.Struct]:
    tag = str(frame.__struct_config__.tag)
    return msgspec.defstruct(
        f"Positioned{frame.__name__.removesuffix('Frame')}",
        [("position", int)],
        bases=(frame,),
        namespace={"type": tag, "__doc__": frame.__doc__},
        module=__name__,
        tag=tag,
        kw_only=True,
    )


_KINDS: Final[dict[type[Any], Any]] = {
    **{frame: _with_position(frame) for frame in FRAMES},
    ChatFrame: PositionedChat,
}


def positioned(recorded: Recorded) -> Positioned:
    """Return an event's frame with its position."""
    frame = recorded.event.frame(recorded)
    fields = {name: getattr(frame, name) for name in frame.__struct_fields__}
    found: Positioned = _KINDS[type(frame)](**fields, position=recorded.position)
    return found
