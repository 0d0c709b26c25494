"""Presence is the fold of joins and leaves, ready to be listed."""

from __future__ import annotations

import dataclasses

from hypothesis import given
from hypothesis import strategies as st

from chatlog.domain.sessions import OpenSessions
from chatlog.projections.presence import MAX_NAMES, Presence
from tests.support.events import ADA, BOB, a_user, joined, left, posted, recorded

NAMES = ["ada", "Bob", "bob", "éva", "zoë", "😀", "ａ", "ada2"]
USERS = [a_user(name, n) for n, name in enumerate(NAMES, 1)]


def test_names_are_sorted_by_code_point() -> None:
    presence = Presence(0, OpenSessions())
    for seq, user in enumerate(USERS, 1):
        presence.apply(recorded(seq, joined(user, f"s{seq}")))
    assert presence.names() == ["Bob", "ada", "ada2", "bob", "zoë", "éva", "ａ", "😀"]


def test_a_user_in_two_tabs_is_one_until_the_last_one_closes() -> None:
    presence = Presence(0, OpenSessions())
    presence.apply(recorded(1, joined(ADA, "s1")))
    presence.apply(recorded(2, joined(ADA, "s2", sessions=2)))
    presence.apply(recorded(3, left(ADA, "s1", sessions=1)))
    assert (presence.seq, presence.names(), presence.count) == (3, ["ada"], 1)
    presence.apply(recorded(4, left(ADA, "s2")))
    assert (presence.seq, presence.names(), presence.count) == (4, [], 0)


def test_it_begins_with_the_sessions_that_are_open() -> None:
    presence = Presence(9, OpenSessions([("s1", BOB), ("s2", ADA), ("s3", ADA)]))
    assert (presence.seq, presence.names(), presence.count) == (9, ["ada", "bob"], 2)


def test_a_chat_moves_only_its_seq() -> None:
    presence = Presence(1, OpenSessions([("s1", ADA)]))
    presence.apply(recorded(2, posted(ADA)))
    assert (presence.seq, presence.names(), presence.count) == (2, ["ada"], 1)


def test_at_most_1000_names_are_listed_and_all_are_counted() -> None:
    users = [a_user(f"user-{n:04}", n) for n in range(1, 1_101)]
    presence = Presence(0, OpenSessions((f"s{user.number}", user) for user in users))
    assert presence.count == 1_100
    assert presence.names() == [f"user-{n:04}" for n in range(1, MAX_NAMES + 1)]


def test_two_users_of_one_name_leave_one_at_a_time() -> None:
    twin = dataclasses.replace(ADA, id="another-id", number=7)
    presence = Presence(2, OpenSessions([("s1", ADA), ("s2", twin)]))
    assert presence.count == 2
    presence.apply(recorded(3, left(twin, "s2")))
    assert (presence.names(), presence.count) == (["ada"], 1)


STEPS = st.lists(
    st.tuples(st.integers(0, 7), st.integers(0, 2), st.sampled_from(["join", "leave", "chat"])),
    max_size=80,
)


@given(STEPS, st.integers(0, 80))
def test_it_equals_a_naive_fold_from_wherever_it_began(
    steps: list[tuple[int, int, str]], loaded: int
) -> None:
    tabs: dict[int, set[str]] = {n: set() for n in range(len(USERS))}
    sessions = OpenSessions()
    presence: Presence | None = None
    seq = 0
    for number, tab, kind in steps:
        user, session, mine = USERS[number], f"{number}.{tab}", tabs[number]
        if kind == "join" and session not in mine:
            mine.add(session)
            event = recorded(seq := seq + 1, joined(user, session, sessions=len(mine)))
        elif kind == "leave" and session in mine:
            mine.remove(session)
            event = recorded(seq := seq + 1, left(user, session, sessions=len(mine)))
        else:
            event = recorded(seq := seq + 1, posted(user))
        if presence is None:
            event.event.fold(sessions)
            if seq >= loaded:
                presence = Presence(seq, sessions)
        else:
            presence.apply(event)
        if presence is not None:
            here = sorted(USERS[n].name or "" for n, mine in tabs.items() if mine)
            assert (presence.seq, presence.names(), presence.count) == (seq, here, len(here))


def test_names_continue_after_a_name_that_need_not_be_present() -> None:
    users = [a_user(f"user-{n:04}", n) for n in range(1, 1_101)]
    presence = Presence(0, OpenSessions((f"s{user.number}", user) for user in users))
    assert presence.names("user-1000") == [f"user-{n:04}" for n in range(1_001, 1_101)]
    assert presence.names("user-1099b") == ["user-1100"]
    assert presence.names("user-1100") == []
    assert len(presence.names("a")) == MAX_NAMES


def test_an_erased_name_is_listed_as_erased_until_its_user_departs() -> None:
    erased = dataclasses.replace(ADA, name=None)
    presence = Presence(2, OpenSessions([("s1", erased), ("s2", BOB)]))
    assert presence.names() == ["(erased)", "bob"]
    presence.apply(recorded(3, left(erased, "s1")))
    assert (presence.names(), presence.count) == (["bob"], 1)
    presence.apply(recorded(4, joined(erased, "s3")))
    assert (presence.names(), presence.count) == (["(erased)", "bob"], 2)
