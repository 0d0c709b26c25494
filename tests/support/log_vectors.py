"""The test vectors of docs/log-format.md, made by the real code from fixed ids and salts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from chatlog.domain.users import User
from chatlog.eventlog import chain
from chatlog.kinds.chat import Posted
from chatlog.kinds.erasure import Erased
from chatlog.kinds.event import Event, Recorded
from chatlog.kinds.join import Joined
from chatlog.kinds.leave import Left
from chatlog.kinds.proof import Proof, Proved
from chatlog.wire.events import encode_proved

ROOM_ID = "00112233445566778899aabbccddeeff"
NAME_SALT = bytes(range(16))
ADA = User("a" * 32, "ada", 1, chain.commitment(NAME_SALT, "ada"))
SESSION, NODE = "5" * 32, "node-8080.0a1b2c3d"

EVENTS: list[tuple[Event, bytes | None, str | None]] = [
    (Joined(ADA, SESSION, NODE, 1, 1), None, None),
    (Posted(ADA, SESSION, NODE, "grüße, 世界", "c-17"), bytes(range(16, 32)), "grüße, 世界"),
    (Posted(ADA, SESSION, NODE, None), None, "a secret"),
    (Erased(ADA, NODE, (3,), "asked for"), bytes(range(32, 48)), "asked for"),
    (Left(ADA, SESSION, NODE, 0, "lapsed", "2026-11-22T17:00:03.000000Z"), None, None),
]


EVE = User("e" * 32, "eve", 2, chain.commitment(NAME_SALT, "eve"))
LAST: tuple[Event, bytes | None, str | None] = (
    Erased(EVE, NODE, (1, 2, 3, 4, 5), "asked for"),
    bytes(range(48, 64)),
    "asked for",
)


def proved(
    kept: str | None = None, *, erased: bool = False, is_name_there: bool = True
) -> list[Proved]:
    """A join, a chat, an erased chat, its erasure, a leave.

    With ``kept`` the erased text is there. With ``erased`` a further event erases ada, whose
    texts are gone then, and whose name too, unless it is there.
    """
    events, previous = [], chain.GENESIS
    for seq, (event, salt, text) in enumerate([*EVENTS, *([LAST] if erased else [])], 1):
        sealed = None if text is None else chain.commitment(salt or bytes(16), text)
        at = f"2026-11-22T17:00:0{seq - 1}.123456Z"
        facts = event.facts()
        previous = chain.next_hash(previous, chain.header(ROOM_ID, seq, at, event, facts, sealed))
        name_salt = NAME_SALT if is_name_there or event.user is not ADA else None
        shown, text_salt = event, salt
        if isinstance(event, Posted) and erased:
            shown, text_salt = replace(event, message=None), None
        elif isinstance(event, Posted) and kept is not None and text == kept:
            shown, text_salt = replace(event, message=kept), bytes(16)
        if name_salt is None:
            shown = cast(Event, replace(cast(Any, shown), user=replace(ADA, name=None)))
        recorded = Recorded(0, "general", seq, at, previous, shown)
        events.append(Proved(recorded, Proof(ROOM_ID, name_salt, sealed, text_salt)))
    return events


def vectors() -> list[bytes]:
    """The same as lines of an export."""
    return [encode_proved(event) for event in proved()]
