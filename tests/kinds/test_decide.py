"""What a command becomes, given the room at its head."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from chatlog.domain.errors import Refused
from chatlog.domain.identity import Identity
from chatlog.domain.room import Room
from chatlog.domain.users import Subject, User
from chatlog.kinds.chat import Post, Posted
from chatlog.kinds.command import Command, FirstPost, Target, decide
from chatlog.kinds.event import Event
from chatlog.kinds.join import Join, Joined
from chatlog.kinds.leave import Leave, Left
from tests.support.events import ADA, AT, BOB, NODE, a_user, hash_of, joined, posted, recorded
from tests.support.notes.kind import WriteNote

BEFORE, AFTER = "2026-11-22T16:59:59.999999Z", "2026-11-22T17:00:00.123457Z"


@dataclass
class Knowledge:
    """What was looked up, written down by hand."""

    node: str = NODE
    posts: dict[tuple[str, str, str], FirstPost] = field(default_factory=dict)

    def user(self, name: str) -> User:
        return {"ada": ADA, "bob": BOB}.get(name) or a_user(name, 9)

    def first_post(self, room: Room, user: User, id: str) -> FirstPost | None:
        return self.posts.get((room.name, user.id, id))

    def subject(self, identity: Identity) -> Subject | None:
        return None

    def person(self, identity: Identity) -> User:
        raise NotImplementedError

    def target(self, target: Target) -> User | None:
        raise NotImplementedError

    def operator(self, name: str) -> User:
        raise NotImplementedError

    def time(self, room: Room) -> str:
        return room.at

    def first_join(self, room: Room, user: User) -> int | None:
        return None

    def first_since(self, room: Room, at: str) -> int:
        return room.head + 1

    def first_created(self, user: User, id: str) -> FirstPost | None:
        return None

    def hash_at(self, room: Room, seq: int) -> bytes | None:
        return hash_of(seq) if 1 <= seq <= room.head else None


def a_room(*events: Event) -> Room:
    room = Room("general", "id-of-room")
    for seq, event in enumerate(events, 1):
        recorded(seq, event).apply(room)
    return room


ROOM = a_room(joined(ADA, "s-ada"), posted(ADA), posted(ADA))


def refusal(room: Room, command: Command) -> str:
    found = decide(room, command, Knowledge())
    assert isinstance(found, Refused)
    assert found.sentence.endswith(".")
    return found.code


# join


def test_a_join_of_an_empty_room_begins_at_its_own_seq() -> None:
    found = decide(a_room(), Join("general", "s1", "ada", backlog=50), Knowledge())
    assert found == Joined(ADA, "s1", NODE, sessions=1, replay_from=1)


def test_a_further_session_of_a_user_is_counted() -> None:
    found = decide(ROOM, Join("general", "s2", "ada", backlog=0), Knowledge())
    assert found == Joined(ADA, "s2", NODE, sessions=2, replay_from=4)


def test_the_first_session_of_another_user_counts_from_one() -> None:
    found = decide(ROOM, Join("general", "s2", "bob", backlog=1), Knowledge())
    assert found == Joined(BOB, "s2", NODE, sessions=1, replay_from=3)


def test_a_session_that_is_open_cannot_join_again() -> None:
    assert refusal(ROOM, Join("general", "s-ada", "ada", backlog=0)) == "already_joined"


@pytest.mark.parametrize("after", [0, 1, 2, 3])
def test_a_resume_replays_everything_past_after(after: int) -> None:
    found = decide(ROOM, Join("general", "s2", "bob", after=after), Knowledge())
    assert isinstance(found, Joined)
    assert found.replay_from == after + 1


def test_a_resume_is_not_bound_by_the_500_of_a_backlog() -> None:
    room = a_room(joined(ADA, "s-ada"), *[posted(ADA)] * 1_000)
    found = decide(room, Join("general", "s2", "bob", after=1), Knowledge())
    assert isinstance(found, Joined)
    assert found.replay_from == 2


def test_a_resume_with_the_hash_it_saw_is_taken() -> None:
    join = Join("general", "s2", "bob", after=2, after_hash=hash_of(2)[:8].hex())
    assert isinstance(decide(ROOM, join, Knowledge()), Joined)


def test_a_resume_with_another_hash_is_diverged() -> None:
    join = Join("general", "s2", "bob", after=2, after_hash=hash_of(3)[:8].hex())
    assert refusal(ROOM, join) == "diverged"


def test_a_hash_at_seq_0_is_diverged() -> None:
    assert refusal(ROOM, Join("general", "s2", "bob", after=0, after_hash="0" * 16)) == "diverged"


@pytest.mark.parametrize("seen", [None, "0" * 16])
def test_a_resume_beyond_the_head_is_after_unknown(seen: str | None) -> None:
    join = Join("general", "s2", "bob", after=4, after_hash=seen)
    assert refusal(ROOM, join) == "after_unknown"


def test_a_resume_of_a_room_without_events_is_after_unknown() -> None:
    assert refusal(a_room(), Join("general", "s2", "bob", after=1)) == "after_unknown"


# chat


def test_a_chat_is_said_by_the_user_of_its_session() -> None:
    found = decide(ROOM, Post("general", "s-ada", "hello", "c-1"), Knowledge())
    assert found == Posted(ADA, "s-ada", NODE, "hello", "c-1")


def test_a_chat_without_a_session_is_not_joined() -> None:
    assert refusal(ROOM, Post("general", "s-bob", "hello")) == "not_joined"


def knowing(message: str | None) -> tuple[Knowledge, FirstPost]:
    first = FirstPost(2, hash_of(2), "chat", message, "general")
    return Knowledge(posts={("general", ADA.id, "c-1"): first}), first


def test_a_repeated_chat_is_its_first() -> None:
    known, first = knowing("hello")
    assert decide(ROOM, Post("general", "s-ada", "hello", "c-1"), known) == first


def test_the_repeat_of_an_erased_chat_is_its_first_whatever_the_text() -> None:
    known, first = knowing(None)
    assert decide(ROOM, Post("general", "s-ada", "anything", "c-1"), known) == first


def test_another_text_under_the_same_id_is_id_conflict() -> None:
    known, _ = knowing("hello")
    found = decide(ROOM, Post("general", "s-ada", "hello!", "c-1"), known)
    assert isinstance(found, Refused)
    assert found.code == "id_conflict"


@pytest.mark.parametrize("text", ["hello", None])
def test_an_id_of_another_kind_of_event_is_id_conflict(text: str | None) -> None:
    known, _ = knowing(text)
    note = WriteNote("general", "s-ada", "hello", of=(1,), colour="red", id="c-1")
    found = decide(ROOM, note, known)
    assert isinstance(found, Refused)
    assert found.code == "id_conflict"


def test_a_repeat_without_a_session_is_not_joined() -> None:
    known, _ = knowing("hello")
    found = decide(ROOM, Post("general", "s-gone", "hello", "c-1"), known)
    assert isinstance(found, Refused)
    assert found.code == "not_joined"


def test_the_same_id_is_free_for_another_user() -> None:
    known, _ = knowing("hello")
    room = a_room(joined(ADA, "s-ada"), joined(BOB, "s-bob"))
    found = decide(room, Post("general", "s-bob", "other", "c-1"), known)
    assert found == Posted(BOB, "s-bob", NODE, "other", "c-1")


# leave


def test_a_leave_counts_the_sessions_that_stay() -> None:
    room = a_room(joined(ADA, "s1"), joined(ADA, "s2", sessions=2))
    found = decide(room, Leave("general", "s1", "left"), Knowledge())
    assert found == Left(ADA, "s1", NODE, sessions=1, cause="left")


def test_the_last_leave_leaves_none() -> None:
    leave = Leave("general", "s-ada", "lapsed", last_seen_at=BEFORE)
    assert decide(ROOM, leave, Knowledge()) == Left(ADA, "s-ada", NODE, 0, "lapsed", BEFORE)


def test_a_leave_without_a_session_is_not_joined() -> None:
    assert refusal(ROOM, Leave("general", "s-bob", "left")) == "not_joined"


# the time of imports


@pytest.mark.parametrize(
    "command",
    [
        Join("general", "s2", "bob", backlog=0, at=BEFORE),
        Post("general", "s-ada", "x", at=BEFORE),
        Leave("general", "s-ada", "left", at=BEFORE),
    ],
)
def test_time_does_not_go_back_in_a_room(command: Command) -> None:
    assert refusal(ROOM, command) == "bad_command"


@pytest.mark.parametrize("at", [AT, AFTER])
def test_the_same_time_or_a_later_one_is_taken(at: str) -> None:
    found = decide(ROOM, Post("general", "s-ada", "x", at=at), Knowledge())
    assert isinstance(found, Posted)


def test_deciding_changes_nothing() -> None:
    room = a_room(joined(ADA, "s-ada"), posted(ADA))
    for command in (
        Join("general", "s2", "bob", backlog=5),
        Post("general", "s-ada", "x"),
        Leave("general", "s-ada", "left"),
    ):
        decide(room, command, Knowledge())
    assert (room.head, list(room.sessions), list(room.chats)) == (2, ["s-ada"], [2])
