"""Who may do what in token mode, and the tables of ``access.md`` that say it.

This is the one place that says what is expected. It knows nothing of the server's code: tests
ask a real server for every cell, over a socket and over HTTP.
"""

from __future__ import annotations

from typing import Final, Literal

Outcome = Literal["yes", "403", "404", "401", "in part", "hidden"]
"""What somebody is answered: it is done or shown; ``forbidden``; ``room_unknown``; not signed in.

In the list of rooms, a room may also be shown in part (its name, access and topic) or hidden.
"""

SIGNED_OUT: Final = (
    "anonymous",
    "expired",
    "wrong audience",
    "wrong algorithm",
    "alg none",
    "revoked",
)
SIGNED_IN: Final = (
    "no role",
    "former member",
    "banned",
    "reader",
    "timed out",
    "member",
    "moderator",
    "owner",
    "audit",
    "admin",
)
ROOMS: Final = ("open", "listed", "private", "since_member", "locked")
"""The last two are an open room without its past, and an open room that is locked."""

_RANKS: Final = {
    "banned": -1,
    "no role": 0,
    "former member": 0,
    "audit": 0,
    "reader": 1,
    "timed out": 1,
    "member": 2,
    "moderator": 3,
    "owner": 4,
    "admin": 4,
}
_READER, _MEMBER, _MODERATOR, _OWNER = 1, 2, 3, 4

OPERATIONS: Final[dict[str, int]] = {
    "join": _READER,
    "chat": _MEMBER,
    "history": _READER,
    "users": _READER,
    "members": _READER,
    "topic": _MODERATOR,
    "lock": _MODERATOR,
    "access": _OWNER,
    "make somebody a member": _MODERATOR,
    "make somebody an owner": _OWNER,
    "kick": _MODERATOR,
    "redact one's own": _READER,
    "redact another's": _MODERATOR,
    "users at a seq": _READER,
    "sessions": _READER,
    "witnesses": _READER,
    "looks": _READER,
    "verify": _READER,
    "proof": _READER,
}
"""What somebody does in a room, and the least rank that may."""

LIST: Final = "list rooms"
CREATE: Final = "create a room"
NAMED: Final = (*OPERATIONS, LIST, CREATE)

READING: Final = frozenset({"history", "users", "members"})
AUDITED: Final = frozenset({"users at a seq", "sessions", "witnesses", "looks", "verify", "proof"})


def expected(operation: str, person: str, room: str) -> Outcome:
    """Return the answer to somebody who does something in a room."""
    if person in SIGNED_OUT:
        return "401"
    if operation == CREATE:
        return "403" if person == "audit" else "yes"
    if operation == LIST:
        return _listed(person, room)
    if operation in AUDITED:
        return "yes" if person in ("audit", "admin") else "403"
    if person == "audit":
        return "yes" if operation in READING else "403"
    return _by_rank(operation, person, room)


def _by_rank(operation: str, person: str, room: str) -> Outcome:
    least = OPERATIONS[operation]
    if operation == "chat" and room == "locked":
        least = _MODERATOR
    if _rank(person, room) >= least:
        return "yes"
    return "404" if room == "private" and _rank(person, room) < _READER else "403"


def _listed(person: str, room: str) -> Outcome:
    if _rank(person, room) >= _READER or person == "audit":
        return "yes"
    return "in part" if room == "listed" and person != "banned" else "hidden"


def _rank(person: str, room: str) -> int:
    """Whoever is signed in counts as a member of an open room, unless they have another role."""
    rank = _RANKS[person]
    return _MEMBER if rank == 0 and room not in ("listed", "private") else rank


_HEAD: Final = """# Who may do what

<!-- Written by `python -m docs.render` from docs/access.py: edit that. -->

In token mode (`chatlog serve --auth token`) rights follow from a token's scope and from the roles
in the room's own events. These tables say what everybody is answered. A test asks a real server
for every cell, over a socket and over HTTP.

- `yes`: it is done or shown. Over HTTP nobody joins, chats or leaves.
- 403: the error `forbidden`. 404: the error `room_unknown`; a private room is none to whoever has
  no role in it.
- Whoever is not signed in is answered 401, whatever they ask for: without a token, with one that
  has expired, that is for another audience, that is signed with another algorithm or with none, or
  that has been revoked. On a socket that is the error `not_authenticated` or `token_invalid`.
- *Timed out* is a member who was made a reader `until` a time.
- In the list of rooms, *in part* means that name, access and topic are shown, and *hidden* that the
  room is not listed.
"""

_ABOUT: Final = {
    "open": "An open room: whoever is signed in and has no role there counts as a member.",
    "listed": "A listed room: seen in the list by everybody, entered only with a role.",
    "private": "A private room: none to whoever has no role in it.",
    "since_member": "An open room with the history `since_member`. The same as an open room; those "
    "below moderator see nothing before they became members.",
    "locked": "An open room that is locked: only moderators and owners chat.",
}


def markdown() -> str:
    """Return ``access.md``."""
    return "\n".join([_HEAD, *map(_section, ROOMS)])


def _section(room: str) -> str:
    heads = ("", *SIGNED_IN)
    rows = [(f"{name}", *(expected(name, one, room) for one in SIGNED_IN)) for name in NAMED]
    lines = ["| " + " | ".join(cells) + " |" for cells in (heads, *rows)]
    lines.insert(1, "|---" * len(heads) + "|")
    return f"## {room}\n\n{_ABOUT[room]}\n\n" + "\n".join(lines) + "\n"
