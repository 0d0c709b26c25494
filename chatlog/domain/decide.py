"""The rules: decide the outcome of a command, given the room at its head.

The writer calls this under the log's lock, once per command, in the order of the batch. Pure:
the same room, command and knowledge always give the same outcome.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from chatlog.domain.commands import Command, Join, Leave, Post
from chatlog.domain.errors import Refused
from chatlog.domain.events import Event, Joined, Left, Posted, User
from chatlog.domain.room import Room


@dataclass(frozen=True, slots=True)
class FirstPost:
    """The chat that already has an id. ``message`` is None once erased."""

    seq: int
    hash: bytes
    message: str | None


class Known(Protocol):
    """Data from the log for this batch, read under the lock."""

    @property
    def node(self) -> str:
        """The node that appends."""

    def user(self, name: str) -> User:
        """Return the user of this name; a new user if there is none."""

    def first_post(self, room: Room, user: User, id: str) -> FirstPost | None:
        """Return the chat that this user already sent to this room with this id."""

    def hash_at(self, room: Room, seq: int) -> bytes | None:
        """Return the chain hash of the room's event at ``seq``."""


def decide(room: Room, command: Command, known: Known) -> Event | FirstPost | Refused:
    """Return the resulting event, the first chat if this repeats one, or a refusal."""
    if command.at is not None and command.at < room.at:
        return Refused("bad_command", "The room already has later events.")
    if type(command) is Post:
        return _post(room, command, known)
    if type(command) is Join:
        return _join(room, command, known)
    assert type(command) is Leave
    return _leave(room, command, known)


def _post(room: Room, command: Post, known: Known) -> Event | FirstPost | Refused:
    user = room.sessions.user_of(command.session)
    if user is None:
        return Refused("not_joined", "Join the room before you chat in it.")
    if command.id is not None:
        first = known.first_post(room, user, command.id)
        if first is not None:
            return _repeat(first, command)
    return Posted(user, command.session, known.node, command.message, command.id)


def _repeat(first: FirstPost, command: Post) -> FirstPost | Refused:
    if first.message is not None and first.message != command.message:
        return Refused("id_conflict", "You already sent another message with this id.")
    return first


def _join(room: Room, command: Join, known: Known) -> Event | Refused:
    if command.session in room.sessions:
        return Refused("already_joined", "You are already in this room.")
    if command.after is None:
        replay_from = room.replay_from(command.backlog or 0)
    else:
        refusal = _check_resume(room, command.after, command.after_hash, known)
        if refusal is not None:
            return refusal
        replay_from = command.after + 1
    user = known.user(command.username)
    sessions = room.sessions.count(user) + 1
    return Joined(user, command.session, known.node, sessions, replay_from)


def _check_resume(room: Room, after: int, seen: str | None, known: Known) -> Refused | None:
    if after > room.head:
        return Refused("after_unknown", "The room has no event at `after`. Join without it.")
    if seen is None:
        return None
    there = known.hash_at(room, after)
    if there is None or there[:8].hex() != seen:
        return Refused("diverged", "This is not the log that you saw. Join without `after`.")
    return None


def _leave(room: Room, command: Leave, known: Known) -> Event | Refused:
    user = room.sessions.user_of(command.session)
    if user is None:
        return Refused("not_joined", "You are not in this room.")
    sessions = room.sessions.count(user) - 1
    return Left(user, command.session, known.node, sessions, command.cause, command.last_seen_at)
