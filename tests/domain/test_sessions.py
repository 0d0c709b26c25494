"""The fold of sessions."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from chatlog.domain.sessions import OpenSessions
from tests.support.events import ADA, BOB, a_user, joined, left, posted

USERS = [a_user(f"user-{n}", n) for n in range(4)]


def test_a_join_opens_and_a_leave_closes_one_session() -> None:
    sessions = OpenSessions()
    joined(ADA, "s1").fold(sessions)
    joined(ADA, "s2", sessions=2).fold(sessions)
    joined(BOB, "s3").fold(sessions)
    assert (list(sessions), sessions.count(ADA), sessions.count(BOB)) == (["s1", "s2", "s3"], 2, 1)
    left(ADA, "s1", sessions=1).fold(sessions)
    assert sessions.count(ADA) == 1
    assert "s1" not in sessions
    assert sessions.user_of("s1") is None
    assert sessions.user_of("s2") == ADA


def test_a_chat_changes_nothing() -> None:
    sessions = OpenSessions([("s1", ADA)])
    posted(ADA).fold(sessions)
    assert list(sessions) == ["s1"]


def test_the_leave_of_an_unknown_session_changes_nothing() -> None:
    sessions = OpenSessions([("s1", ADA)])
    left(ADA, "s2").fold(sessions)
    assert (len(sessions), sessions.count(ADA)) == (1, 1)


def test_a_user_is_who_has_the_id_whatever_the_name() -> None:
    renamed = a_user("ada", 7)
    sessions = OpenSessions([("s1", ADA)])
    assert sessions.count(renamed) == 1
    assert sessions.count(a_user("ada's twin")) == 0


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.booleans()), max_size=60))
def test_it_equals_a_fold_written_down_naively(
    steps: list[tuple[int, int, bool]],
) -> None:
    sessions, naive = OpenSessions(), dict[str, int]()
    for number, tab, comes in steps:
        session = f"{number}.{tab}"
        if comes and session not in naive:
            naive[session] = number
            joined(USERS[number], session).fold(sessions)
        elif not comes:
            naive.pop(session, None)
            left(USERS[number], session).fold(sessions)
        counts = Counter(naive.values())
        assert set(sessions) == set(naive)
        assert [sessions.count(user) for user in USERS] == [counts[n] for n in range(4)]
