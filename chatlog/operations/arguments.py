"""Validate an operator's arguments, from the shell or through the control socket.

Arguments to be recorded (a name, a reason) must follow the rules for clients. Arguments that name
something in the log must be names that a log can hold: earlier versions accepted more names.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Final

from chatlog.domain.errors import Refused
from chatlog.domain.identity import check_subject, check_token_id
from chatlog.domain.names import (
    STORED_LIMITS,
    Limits,
    check_message,
    check_stored_room,
    check_stored_username,
    check_username,
)
from chatlog.domain.unseen import seen
from chatlog.eventlog.steps.retention import check_days
from chatlog.kinds.event import MAX_SEQ
from chatlog.settings import Settings

MAX_REASON_BYTES: Final = 1_024
MAX_BY_CHARS: Final = 64
_LIMITS: Final = Limits(
    max_message_bytes=MAX_REASON_BYTES,
    max_room_chars=STORED_LIMITS.max_room_chars,
    max_username_chars=MAX_BY_CHARS,
    max_rooms_per_connection=1,
)


def check_by(by: str) -> None:
    """Refuse an operator's name that is invalid or reserved."""
    try:
        check_username(text_of("--by", by), _LIMITS)
    except Refused as refused:
        raise _bad("--by", refused) from None


def check_reason(reason: str) -> None:
    """Refuse a reason that is blank, too long or not plain text."""
    try:
        check_message(seen(text_of("--reason", reason)), _LIMITS)  # what is not seen is blank
        check_message(reason, _LIMITS)
    except Refused as refused:
        raise _bad("--reason", refused) from None


def check_room(room: str) -> None:
    """Refuse an invalid room name."""
    check_stored_room(text_of("The room", room))


def check_person(name: str | None, subject: str | None) -> None:
    """Refuse neither a name nor a subject, or both, or an invalid one."""
    if (name is None) == (subject is None):
        raise Refused("bad_command", "Give either a name or --sub.")
    if subject is not None:
        check_subject(subject)
    else:
        check_stored_username(text_of("The name", name))


def check_seqs(seqs: object) -> None:
    """Refuse an invalid list of seqs."""
    if not isinstance(seqs, list) or not seqs or not all(map(_is_seq, seqs)):
        raise Refused("bad_command", "Give the seq of at least one message.")


def _is_seq(seq: object) -> bool:
    return type(seq) is int and 1 <= seq <= MAX_SEQ


def check_rule(room: str | None, days: int | None, names: bool) -> None:
    """Refuse an invalid retention rule, or without a room a default; no ``days`` ends it."""
    if room is not None:
        check_room(room)
    if days is not None:
        check_days(days)
    if type(names) is not bool:
        raise Refused("bad_command", "`names` must be true or false.")


def check_revocation(subject: str | None, token_id: str | None) -> None:
    """Refuse a revocation that names neither a subject nor a token, or both, or an invalid one."""
    if (subject is None) == (token_id is None):
        raise Refused("bad_command", "Give either --sub or --jti.")
    if subject is not None:
        check_subject(subject)
    else:
        check_token_id(token_id)


def text_of(what: str, said: object) -> str:
    """Return what was said; refuse whatever is no text."""
    if not isinstance(said, str):
        raise Refused("bad_command", f"{what} must be text.")
    return said


def _bad(option: str, refused: Refused) -> Refused:
    return Refused("bad_command", f"{option} was refused: {refused.sentence}")


def limits_of(settings: Settings) -> Limits:
    """Return the domain's share of the settings."""
    return Limits(**{field.name: getattr(settings, field.name) for field in fields(Limits)})
