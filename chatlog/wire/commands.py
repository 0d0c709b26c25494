"""Decode: the text of a frame becomes a command, or an error that names the field.

msgspec decodes and validates in one step. Only if it refuses, the text is decoded again,
leniently, to find the fault and the client's ``id`` for the answer.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal, get_args

import msgspec

from chatlog.domain.errors import Refused
from chatlog.domain.names import check_id
from chatlog.kinds.event import MAX_SEQ
from chatlog.kinds.registry import REQUESTS, AnyRequest, EventType

MAX_PAGE: Final = 500

Seq = Annotated[int, msgspec.Meta(ge=0, le=MAX_SEQ)]
Count = Annotated[int, msgspec.Meta(ge=0, le=MAX_PAGE)]
Limit = Annotated[int, msgspec.Meta(ge=1, le=MAX_PAGE)]
HashText = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{16}\Z")]


class Join(msgspec.Struct, tag_field="type", tag="join"):
    """Join a room and receive a replay."""

    room: str
    username: str
    backlog: Count | None = None
    after: Seq | None = None
    hash: HashText | None = None
    presence: Literal["full", "digest"] = "full"
    id: str | None = None


class Leave(msgspec.Struct, tag_field="type", tag="leave"):
    """Leave a room."""

    room: str | None = None
    id: str | None = None


class History(msgspec.Struct, tag_field="type", tag="history"):
    """Ask for a page of a room's events."""

    room: str
    before: Seq | None = None
    after: Seq | None = None
    around: Seq | None = None
    limit: Limit = 50
    types: list[EventType] | None = None
    id: str | None = None


class Users(msgspec.Struct, tag_field="type", tag="users"):
    """Ask who is present in a room."""

    room: str
    id: str | None = None


class Ping(msgspec.Struct, tag_field="type", tag="ping"):
    """Ask for a ``pong``."""

    id: str | None = None


OwnCommand = Join | Leave | History | Users | Ping
ClientCommand = OwnCommand | AnyRequest

_MAX_REASON_CHARS: Final = 200
_TYPES: Final = frozenset(
    str(one.__struct_config__.tag) for one in (*get_args(OwnCommand), *REQUESTS)
)
_decoder: Final[msgspec.json.Decoder[ClientCommand]] = msgspec.json.Decoder(ClientCommand)
_FIELD: Final = re.compile(r"`\$\.([a-z]+)")
_MISSING: Final = re.compile(r"required field `([a-z]+)`")


class BadCommand(Refused):
    """A text that is not a command; ``id`` is the client's, if one could be read."""

    def __init__(self, code: str, sentence: str, id: str | None = None) -> None:
        super().__init__(code, sentence)
        self.id = id


def decode(text: bytes) -> ClientCommand:
    """Return the command in a frame's text.

    Raises:
        BadCommand: ``bad_json``, ``bad_command`` or ``unknown_type``.
        UnicodeDecodeError: if the text is not UTF-8 (close code 1007).
    """
    if not text.isascii():
        text.decode()  # msgspec looks only at the strings that it keeps
    try:
        command = _decoder.decode(text)
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise _explain(text, error) from None
    if command.id is not None:
        _check_id(command.id)
    if type(command) is Join:
        _one_start(command)
    elif type(command) is History:
        _one_anchor(command)
    return command


def _check_id(id: str) -> None:
    try:
        check_id(id)
    except Refused as error:
        raise BadCommand(error.code, error.sentence) from None


def _one_start(command: Join) -> None:
    if command.after is not None and command.backlog is not None:
        raise BadCommand("bad_command", "Give either `after` or `backlog`, not both.", command.id)
    if command.hash is not None and command.after is None:
        raise BadCommand(
            "bad_command",
            "`hash` needs `after`: it is the hash of the event at `after`.",
            command.id,
        )


def _one_anchor(command: History) -> None:
    given = [a for a in (command.before, command.after, command.around) if a is not None]
    if len(given) > 1:
        raise BadCommand(
            "bad_command", "Give at most one of `before`, `after` and `around`.", command.id
        )


def _explain(text: bytes, error: Exception) -> BadCommand:
    """Explain what is wrong with a text that msgspec refused."""
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, ValueError):
        return BadCommand("bad_json", "Send one JSON object in UTF-8 in each frame.")
    if not isinstance(found, dict):
        return BadCommand("bad_json", "Send one JSON object in each frame.")
    return _explain_object(found, error)


def _explain_object(found: dict[str, Any], error: Exception) -> BadCommand:
    id = found.get("id")
    if id is not None:
        try:
            check_id(id)
        except (Refused, TypeError):
            return BadCommand("bad_command", "`id` must have 1 to 64 characters, none of them NUL.")
    kind = found.get("type")
    if not isinstance(kind, str):
        return BadCommand("bad_command", "`type` must name the command.", id)
    if kind not in _TYPES:
        return BadCommand("unknown_type", f"There is no command of this type: {kind[:40]}.", id)
    return BadCommand("bad_command", _sentence(str(error)), id)


def _sentence(reason: str) -> str:
    match = _MISSING.search(reason) or _FIELD.search(reason)
    where = f"`{match[1]}`: " if match else ""
    return f"{where}{reason[:_MAX_REASON_CHARS]}"
