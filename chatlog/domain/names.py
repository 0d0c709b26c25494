"""Validate room names, usernames, messages and ids.

Whatever passes can be stored by both databases, shown by a client and hashed by a verifier.
Nothing is normalised: malformed names are refused, so that two names that look alike are never
silently merged. Imports normalise names before they validate them.

Earlier versions accepted more names than this one. References to names that are already in a
log (by an operator, in an export) are validated with ``check_stored_…``.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from chatlog.domain.errors import Refused
from chatlog.domain.unseen import seen

_ROOM_PUNCTUATION = frozenset("._-#@:+&'() ")
# Line and paragraph separators break a line like a control character does; category Cf
# holds every bidirectional and zero-width character (and a few other unseen ones).
_NAME_FORBIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_MESSAGE_FORBIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_PRIVATE_ROOM = re.compile(r"~[A-Za-z0-9]{22}")
_NOT_STORABLE = re.compile(r"[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Limits:
    """Maximum sizes, from the settings of the same names."""

    max_message_bytes: int
    max_room_chars: int
    max_username_chars: int
    max_rooms_per_connection: int


MAX_REMARK_BYTES: Final = 1_024
"""Longest topic or reason, in bytes of UTF-8."""

STORED_LIMITS: Final = Limits(
    max_message_bytes=16_777_216,
    max_room_chars=1_024,
    max_username_chars=1_024,
    max_rooms_per_connection=1,
)
"""The largest sensible limits: a log may come from a server with other settings."""


def check_room(room: str, limits: Limits) -> None:
    """Refuse an invalid room name.

    Raises:
        Refused: ``room_invalid``, with the rule that it breaks.
    """
    check_stored_room(room, limits)
    if room[0] == "~":
        raise _room("must not begin with ~: the server names private rooms")
    if seen(room) != room:
        raise _room("must not contain invisible characters")


def is_private_name(room: str) -> bool:
    """Return whether a name is one that the server gives to private rooms."""
    return _PRIVATE_ROOM.fullmatch(room) is not None


def check_stored_room(room: str, limits: Limits = STORED_LIMITS) -> None:
    """Refuse a room name that no version has accepted.

    Raises:
        Refused: ``room_invalid``, with the rule that it breaks.
    """
    if not 1 <= len(room) <= limits.max_room_chars:
        raise _room(f"must have 1 to {limits.max_room_chars} characters")
    if is_private_name(room):
        return
    if not all(map(_is_room_char, room)):
        raise _room("may contain only letters, digits, single spaces and ._-#@:+&'()")
    if room != room.strip(" ") or "  " in room:
        raise _room("must not begin or end with a space or contain two in a row")
    if not room.strip("."):
        raise _room("must not consist of dots only")
    if not unicodedata.is_normalized("NFC", room):
        raise _room("must be NFC-normalised")


def _is_room_char(char: str) -> bool:
    # "Nd" is what Unicode calls a decimal digit.
    return (
        char in _ROOM_PUNCTUATION or (kind := unicodedata.category(char))[0] in "LM" or kind == "Nd"
    )


def _room(rule: str) -> Refused:
    return Refused("room_invalid", f"Room names {rule}.")


def check_username(username: str, limits: Limits) -> None:
    """Refuse a username that is invalid or reserved.

    Raises:
        Refused: ``username_invalid``, with the rule that it breaks.
    """
    check_stored_username(username, limits)
    if seen(username) != username or any(c.isspace() and c != " " for c in username):
        raise _username("must not contain invisible characters or special spaces")
    if is_own(username):
        raise _username("must not be in parentheses: such names are reserved")


def check_stored_username(username: str, limits: Limits = STORED_LIMITS) -> None:
    """Refuse a username that no version has accepted.

    Raises:
        Refused: ``username_invalid``, with the rule that it breaks.
    """
    if not 1 <= len(username) <= limits.max_username_chars:
        raise _username(f"must have 1 to {limits.max_username_chars} characters")
    if any(unicodedata.category(char) in _NAME_FORBIDDEN for char in username):
        raise _username("must not contain control, bidirectional or zero-width characters")
    if username != username.strip():
        raise _username("must not begin or end with a space")
    if not unicodedata.is_normalized("NFC", username):
        raise _username("must be NFC-normalised")


def username_from(name: str) -> str:
    """Return the closest valid username to a foreign name; it may be empty.

    Drops invisible characters, and parentheses around the whole name, which mark reserved names.
    """
    shown = "".join(" " if char.isspace() else char for char in seen(name))
    shown = "".join(c for c in shown if unicodedata.category(c) not in _NAME_FORBIDDEN)
    shown = unicodedata.normalize("NFC", shown).strip()
    while is_own(shown):
        shown = shown[1:-1].strip()
    return shown


def is_own(name: str) -> bool:
    """Return whether a name is reserved, like ``(erased)`` and ``(retention)``."""
    return len(name) > 1 and name[0] == "(" and name[-1] == ")"


def _username(rule: str) -> Refused:
    return Refused("username_invalid", f"Usernames {rule}.")


def check_message(message: str, limits: Limits) -> None:
    """Refuse a message that is blank, too long or not plain text.

    Raises:
        Refused: ``message_empty``, ``message_too_long`` or ``bad_command``.
    """
    if not message or message.isspace():
        raise Refused("message_empty", "A message must not be blank.")
    size = len(message) if message.isascii() else len(message.encode(errors="surrogatepass"))
    if size > limits.max_message_bytes:
        raise Refused(
            "message_too_long",
            f"A message may have at most {limits.max_message_bytes} bytes of UTF-8.",
        )
    if _MESSAGE_FORBIDDEN.search(message):
        raise Refused(
            "bad_command", "`message` must not contain control characters except newline and tab."
        )


def message_from(text: str) -> str:
    """Return a foreign text as a message can have it; it may be blank or too long.

    Ends of lines become newlines; other control characters and lone surrogates are dropped.
    """
    return _MESSAGE_FORBIDDEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def is_new_room(name: str, limits: Limits) -> bool:
    """Return whether a room of this name may be made by using it."""
    try:
        check_room(name, limits)
    except Refused:
        return False
    return True


def as_username(subject: str, limits: Limits = STORED_LIMITS) -> str:
    """Return a subject as the username of somebody who has no other.

    Raises:
        Refused: ``token_invalid``, if it cannot be one.
    """
    try:
        check_username(subject, limits)
    except Refused as error:
        rule = f"The token has no `name`, and its `sub` is no username. {error.sentence}"
        raise Refused("token_invalid", rule) from None
    return subject


def check_remark(field: str, text: str) -> None:
    """Refuse a topic or a reason that is too long or not plain text.

    Raises:
        Refused: ``bad_command``, naming the field.
    """
    if len(text.encode(errors="surrogatepass")) > MAX_REMARK_BYTES:
        raise Refused(
            "bad_command", f"`{field}` may have at most {MAX_REMARK_BYTES} bytes of UTF-8."
        )
    if _MESSAGE_FORBIDDEN.search(text):
        raise Refused(
            "bad_command", f"`{field}` must not contain control characters except newline and tab."
        )


def name_key(secret: bytes, name: str) -> bytes:
    """Return the keyed hash that an index holds instead of a name, given the log's secret."""
    return hmac.digest(secret, name.encode(), hashlib.sha256)[:16]


def check_id(client_id: str) -> None:
    """Refuse a command id that a database could not store.

    Raises:
        Refused: ``bad_command``, naming ``id``.
    """
    if not 1 <= len(client_id) <= 64 or _NOT_STORABLE.search(client_id):
        raise Refused("bad_command", "`id` must have 1 to 64 characters, none of them NUL.")
