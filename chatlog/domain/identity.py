"""Who somebody is, as a token or the embedding program says it.

The *subject* is the identity, for ever; a username is a label. Whatever passes
``check_identity`` can be stored and shown. Nothing here decides what somebody may do.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import Final

from chatlog.domain.errors import Refused
from chatlog.domain.names import Limits, check_stored_room, check_username, is_own

ADMIN: Final = "admin"
AUDIT: Final = "audit"
SCOPES: Final = frozenset({ADMIN, AUDIT})
"""The words of a scope that mean something here; others are dropped."""

ROLES: Final = ("owner", "moderator", "member", "reader", "none", "banned")

MAX_SUBJECT_CHARS: Final = 128
MAX_TOKEN_ID_CHARS: Final = 256
_HOOK: Final = "(hook:"
_RESERVED: Final = "must not be in parentheses: such names are reserved"
_LAST_SECOND: Final = 253_402_300_799
"""The end of the year 9999, after which the log has no times."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody, and what is granted to them beside the roles in the log.

    ``scope`` may be given as words in one string or as any iterable of words, ``rooms`` (room to
    role) as any mapping; both are kept as values that nobody can change. Times are Unix seconds.
    """

    subject: str
    name: str | None = None
    scope: Set[str] = frozenset()
    rooms: Mapping[str, str] = field(default_factory=dict, hash=False)
    expires_at: float | None = None
    issued_at: float | None = None
    token_id: str | None = None

    def __post_init__(self) -> None:
        """Normalise ``scope`` and ``rooms``; leave what is malformed to ``check_identity``."""
        words: object = self.scope
        if isinstance(words, str):
            words = words.split()
        if isinstance(words, Iterable):
            object.__setattr__(self, "scope", frozenset(words) & SCOPES)
        if isinstance(self.rooms, Mapping):
            object.__setattr__(self, "rooms", MappingProxyType(dict(self.rooms)))

    @property
    def is_admin(self) -> bool:
        """Whether they have an owner's rights in every room."""
        return ADMIN in self.scope

    @property
    def is_audit(self) -> bool:
        """Whether they may read everything."""
        return AUDIT in self.scope


def check_subject(subject: object) -> None:
    """Refuse what cannot be a subject, of a person or a hook.

    Raises:
        Refused: ``bad_command``, with the rule that it breaks.
    """
    if not isinstance(subject, str) or not 1 <= len(subject) <= MAX_SUBJECT_CHARS:
        raise _subject(f"must have 1 to {MAX_SUBJECT_CHARS} characters")
    if any(unicodedata.category(char) in {"Cc", "Cs"} for char in subject):
        raise _subject("must not contain control characters or lone surrogates")
    if is_own(subject) and not subject.startswith(_HOOK):
        raise _subject(_RESERVED)


def _subject(rule: str) -> Refused:
    return Refused("bad_command", f"Subjects {rule}.")


def hook_subject(name: str) -> str:
    """Return the subject of the hook of this name: a reserved one, which no token can have."""
    return f"{_HOOK}{name})"


def check_token_id(token_id: object) -> None:
    """Refuse what cannot be the id of a token (its ``jti``).

    Raises:
        Refused: ``bad_command``, with the rule that it breaks.
    """
    if not isinstance(token_id, str) or not 1 <= len(token_id) <= MAX_TOKEN_ID_CHARS:
        raise Refused(
            "bad_command", f"A token's id must have 1 to {MAX_TOKEN_ID_CHARS} characters."
        )
    if any(unicodedata.category(char) in {"Cc", "Cs"} for char in token_id):
        raise Refused(
            "bad_command", "A token's id must not contain control characters or lone surrogates."
        )


def check_identity(identity: Identity, limits: Limits) -> None:
    """Refuse an identity that is not in form, whoever made it.

    Raises:
        Refused: ``token_invalid``; names the claim and the rule that it breaks, never a value.
    """
    checks = {
        "sub": partial(_check_own_subject, identity.subject),
        "name": partial(_check_name, identity.name, limits),
        "scope": partial(_check_scope, identity.scope),
        "rooms": partial(_check_rooms, identity.rooms, limits),
        "exp": partial(_check_time, identity.expires_at),
        "iat": partial(_check_time, identity.issued_at),
        "jti": partial(_check_token_id, identity.token_id),
    }
    for claim, check in checks.items():
        try:
            check()
        except Refused as refused:
            raise malformed(claim, refused.sentence) from None


def malformed(claim: str, rule: str) -> Refused:
    """Return the refusal of a claim that is not in form."""
    return Refused("token_invalid", f"The claim `{claim}` is malformed. {rule}")


def check_seconds(seconds: object) -> float:
    """Return a time in Unix seconds, up to the year 9999.

    Raises:
        Refused: ``bad_command``, if it is anything else.
    """
    if type(seconds) not in (int, float) or not 0 <= seconds <= _LAST_SECOND:  # type: ignore[operator]
        raise Refused("bad_command", "Times must be Unix seconds, up to the year 9999.")
    return float(seconds)  # type: ignore[arg-type]


def _check_own_subject(subject: object) -> None:
    check_subject(subject)
    if is_own(str(subject)):  # a hook's, which nobody else is
        raise _subject(_RESERVED)


def _check_name(name: object, limits: Limits) -> None:
    if name is None:
        return
    if not isinstance(name, str):
        raise Refused("username_invalid", "Usernames must be text.")
    check_username(name, limits)


def _check_time(seconds: object) -> None:
    if seconds is not None:
        check_seconds(seconds)


def _check_token_id(token_id: object) -> None:
    if token_id is not None:
        check_token_id(token_id)


def _check_scope(scope: object) -> None:
    if not isinstance(scope, frozenset):
        raise Refused("bad_command", "A scope must be words separated by spaces.")


def _check_rooms(rooms: object, limits: Limits) -> None:
    if not isinstance(rooms, Mapping):
        raise Refused("bad_command", "It must map rooms to roles.")
    for room, role in rooms.items():
        if not isinstance(room, str):
            raise Refused("room_invalid", "Room names must be text.")
        check_stored_room(room, limits)
        if not isinstance(role, str) or role not in ROLES:
            raise Refused("bad_command", f"A role must be one of {', '.join(ROLES)}.")
