"""What the writer knows of a room, and where a replay begins."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatlog.domain.room import MAX_REPLAY, Room
from chatlog.kinds.erasure import Erased
from chatlog.kinds.event import Event
from tests.support.events import ADA, AT, NODE, hash_of, joined, left, posted, recorded


def room_of(types: str) -> Room:
    """Return a room with a chat for each "c" and an arrival or a departure for each "j"."""
    room, here = Room("general", "id"), False
    for seq, kind in enumerate(types, 1):
        event: Event = posted(ADA)
        if kind == "j":
            event = left(ADA, "s") if here else joined(ADA, "s")
            here = not here
        recorded(seq, event).apply(room)
    return room


def test_a_room_that_has_no_events_is_at_0() -> None:
    room = Room("general", "id")
    assert (room.head, room.hash, room.at, room.number) == (0, bytes(32), "", None)


def test_an_event_moves_the_room_to_its_seq_hash_and_time() -> None:
    room = room_of("jcc")
    assert (room.head, room.hash, room.at) == (3, hash_of(3), AT)
    assert list(room.chats) == [2, 3]


def test_an_erasure_moves_the_room_and_opens_no_session() -> None:
    room = room_of("j")
    recorded(2, Erased(ADA, NODE, (1,), "reason")).apply(room)
    assert (room.head, len(room.sessions)) == (2, 1)


@pytest.mark.parametrize(
    ("types", "backlog", "first"),
    [
        ("", 0, 1),
        ("", 50, 1),
        ("jcc", 0, 4),
        ("jcc", 1, 3),
        ("jcc", 2, 2),
        ("jcc", 3, 1),
        ("jjj", 1, 1),
        ("cjcjcj", 2, 3),
        ("cjjjjj", 1, 1),
        ("c" * 600, 500, 102),
        ("c" * 600, 499, 102),
        ("c" * 600, 498, 103),
        ("c" * 500, 500, 2),
        ("c" * 499, 500, 1),
        ("c" + "j" * 600, 1, 103),
        ("j" * 600, 500, 102),
        ("j" * 600, 0, 601),
    ],
)
def test_a_replay_begins_at_the_backlogth_newest_chat(types: str, backlog: int, first: int) -> None:
    shown = types if len(types) < 12 else f"{len(types)} events"
    assert room_of(types).replay_from(backlog) == first, shown


@given(st.text("cj", max_size=1_100), st.integers(0, 500))
def test_a_replay_is_as_the_contract_says(types: str, backlog: int) -> None:
    first = room_of(types).replay_from(backlog)
    own = len(types) + 1
    chats = [seq for seq, kind in enumerate(types, 1) if kind == "c"]
    if backlog == 0:
        wanted = own
    elif backlog <= len(chats):
        wanted = chats[-backlog]
    else:
        wanted = 1
    assert first == max(wanted, own - MAX_REPLAY + 1)
    assert own - first + 1 <= 500
