"""Users and events for unit tests, with numbers and hashes that can be told apart."""

from __future__ import annotations

from hashlib import sha256

from chatlog.domain.names import Limits
from chatlog.domain.users import User
from chatlog.kinds.chat import Posted
from chatlog.kinds.event import Event, Recorded
from chatlog.kinds.join import Joined
from chatlog.kinds.leave import Left

LIMITS = Limits(
    max_message_bytes=8_192,
    max_room_chars=64,
    max_username_chars=64,
    max_rooms_per_connection=100,
)
NODE = "node-1.abc"
AT = "2026-11-22T17:00:00.123456Z"


def a_user(name: str, number: int = 1) -> User:
    return User(f"id-of-{name}", name, number, sha256(name.encode()).digest())


ADA = a_user("ada", 1)
BOB = a_user("bob", 2)


def hash_of(seq: int) -> bytes:
    return sha256(b"%d" % seq).digest()


def recorded(seq: int, event: Event, *, room: str = "general", at: str = AT) -> Recorded:
    return Recorded(1_000 + seq, room, seq, at, hash_of(seq), event)


def joined(user: User, session: str, *, sessions: int = 1, replay_from: int = 1) -> Joined:
    return Joined(user, session, NODE, sessions, replay_from)


def left(user: User, session: str, *, sessions: int = 0) -> Left:
    return Left(user, session, NODE, sessions, "left")


def posted(user: User, message: str | None = "hello", id: str | None = None) -> Posted:
    return Posted(user, f"s-{user.name}", NODE, message, id)
