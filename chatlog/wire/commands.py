"""Decode: the text of a frame becomes a valid command, or an error that names the field.

This is the one check of a command's form, names and texts included. msgspec decodes and checks
types in one step. Only if it refuses, the text is decoded again, leniently, to find the fault and
the client's ``id`` for the answer.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Annotated, Any, Final, get_args

import msgspec

from chatlog.domain.errors import Refused
from chatlog.domain.names import Limits, check_id, check_stored_room, check_stored_username
from chatlog.kinds import ORDERS
from chatlog.kinds.command import Form
from chatlog.kinds.erasure import Redact
from chatlog.kinds.event_query import EventQuery
from chatlog.kinds.join import JoinAsPerson, JoinRequest, Seq
from chatlog.kinds.leave import LeaveRequest
from chatlog.kinds.registry import REQUESTS, AnyOrder, AnyRequest, EventType

MAX_PAGE: Final = 500

Limit = Annotated[int, msgspec.Meta(ge=1, le=MAX_PAGE)]


class History(Form, tag="history"):
    """Ask for a page of a room's events."""

    room: str
    before: Seq | None = None
    after: Seq | None = None
    around: Seq | None = None
    limit: Limit = 50
    types: list[EventType] | None = None
    id: str | None = None

    def check(self, limits: Limits) -> None:
        self.query()
        check_stored_room(self.room, limits)

    def query(self) -> EventQuery:
        """Return the question that it asks.

        Raises:
            Refused: if it asks for events beside more than one seq.
        """
        return EventQuery.beside(
            self.room,
            before=self.before,
            after=self.after,
            around=self.around,
            limit=self.limit,
            types=self.types,
        )


class Users(Form, tag="users"):
    """Ask who is present in a room, by name; ``after`` continues after a name, present or not."""

    room: str
    after: str | None = None
    id: str | None = None

    def check(self, limits: Limits) -> None:
        check_stored_room(self.room, limits)
        if self.after is not None:
            check_stored_username(self.after)


class Ping(Form, tag="ping"):
    """Ask for a ``pong``."""

    id: str | None = None


class Auth(Form, tag="auth"):
    """Sign in by a token, or renew the one before."""

    token: str
    id: str | None = None


class Members(Form, tag="members"):
    """Ask who has which role in a room."""

    room: str
    after: str = ""
    limit: Limit = 100
    id: str | None = None

    def check(self, limits: Limits) -> None:
        check_stored_room(self.room, limits)


OwnCommand = JoinRequest | LeaveRequest | History | Users | Ping
PersonsCommand = JoinAsPerson | LeaveRequest | History | Users | Ping | Auth | Members
ClientCommand = OwnCommand | PersonsCommand | AnyRequest | AnyOrder | Redact

_MAX_REASON_CHARS: Final = 200
_FIELD: Final = re.compile(r"`\$\.([a-z]+)")
_MISSING: Final = re.compile(r"required field `([a-z]+)`")


class BadCommand(Refused):
    """A text that is not a valid command; ``id`` is the client's, if one could be read."""

    def __init__(self, code: str, sentence: str, id: str | None = None) -> None:
        super().__init__(code, sentence)
        self.id = id


class Commands:
    """The commands that a server takes, which depends on whether people prove who they are."""

    def __init__(self, commands: Any, others: Sequence[type[msgspec.Struct]]) -> None:
        self._decoder: msgspec.json.Decoder[ClientCommand] = msgspec.json.Decoder(commands)
        kinds = (*get_args(commands), *others)
        tags = (getattr(kind, "__struct_config__", None) for kind in kinds)
        self._types = frozenset(str(config.tag) for config in tags if config is not None)

    def decode(self, text: bytes, limits: Limits) -> ClientCommand:
        """Return the command in a frame's text.

        Raises:
            BadCommand: ``bad_json``, ``bad_command``, ``unknown_type`` or what ``check`` refuses.
            UnicodeDecodeError: if the text is not UTF-8 (close code 1007).
        """
        if not text.isascii():
            text.decode()  # msgspec looks only at the strings that it keeps
        try:
            command = self._decoder.decode(text)
        except (msgspec.DecodeError, RecursionError, ValueError) as error:
            raise _explain(text, error, self._types) from None
        return _checked(command, limits)


def _checked(command: ClientCommand, limits: Limits) -> ClientCommand:
    id = None  # an error carries it once it is known to be in form
    try:
        if command.id is not None:
            check_id(command.id)
        id = command.id
        command.check(limits)
    except Refused as error:
        raise BadCommand(error.code, error.sentence, id) from None
    return command


def _explain(text: bytes, error: Exception, types: Collection[str]) -> BadCommand:
    """Explain what is wrong with a text that msgspec refused."""
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, ValueError):
        return BadCommand("bad_json", "Send one JSON object in UTF-8 in each frame.")
    if not isinstance(found, dict):
        return BadCommand("bad_json", "Send one JSON object in each frame.")
    return _explain_object(found, error, types)


def _explain_object(found: dict[str, Any], error: Exception, types: Collection[str]) -> BadCommand:
    id = found.get("id")
    if id is not None:
        try:
            check_id(id)
        except (Refused, TypeError):
            return BadCommand("bad_command", "`id` must have 1 to 64 characters, none of them NUL.")
    kind = found.get("type")
    if not isinstance(kind, str):
        return BadCommand("bad_command", "`type` must name the command.", id)
    if kind not in types:
        return BadCommand("unknown_type", f"There is no command of this type: {kind[:40]}.", id)
    return BadCommand("bad_command", _sentence(str(error)), id)


def _sentence(reason: str) -> str:
    match = _MISSING.search(reason) or _FIELD.search(reason)
    where = f"`{match[1]}`: " if match else ""
    return f"{where}{reason[:_MAX_REASON_CHARS]}"


OPEN: Final = Commands(OwnCommand | AnyRequest, REQUESTS)
"""Those of open mode, in which every name is a claim."""

PERSONS: Final = Commands(PersonsCommand | AnyRequest | AnyOrder | Redact, (*REQUESTS, *ORDERS))
"""Those of token mode, in which people prove who they are."""

decode: Final = OPEN.decode
