"""Roles, compared with an oracle that replays every change, and the right to do things."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chatlog.domain.errors import Refused
from chatlog.domain.rights import (
    ROLES,
    Action,
    Appointment,
    Asker,
    Rights,
    Role,
    Rules,
    authorize,
    beginning,
    check_appointment,
    is_at_least,
    role_at,
    role_in,
)

PRIVATE = Rules(access="private", was_public=False)


def at(second: int) -> str:
    return f"2026-11-22T17:00:{second:02}.000000Z"


def appointments() -> st.SearchStrategy[list[Appointment]]:
    one = st.tuples(st.integers(0, 3), st.sampled_from(ROLES), st.none() | st.integers(1, 20))

    def placed(given: list[tuple[int, Role, int | None]]) -> list[Appointment]:
        now, found = 0, []
        for seq, (pause, role, lasts) in enumerate(given, 1):
            now += pause
            until = None if lasts is None or role == "owner" else at(now + lasts)
            found.append(Appointment(seq, at(now), role, until))
        return found

    return st.lists(one, max_size=8).map(placed)


def stack_at(given: list[Appointment], now: str) -> Role:
    """The role by a stack of roles: what ends is taken off, wherever it lies."""
    stack: list[Appointment] = []
    for one in given:
        if one.until is None:
            stack = [one]
        else:
            stack.append(one)
    standing = [one for one in stack if one.until is None or one.until > now]
    return standing[-1].role if standing else "none"


@given(appointments(), st.integers(0, 59))
def test_the_last_role_that_has_not_ended_counts(given: list[Appointment], now: int) -> None:
    assert role_at(given, at(now)) == stack_at(given, at(now))


def last_rise(given: list[Appointment], until: int) -> int | str | None:
    """Where somebody last got a role, second by second: what ends does so before what happens."""
    found: int | str | None = None
    done: list[Appointment] = []
    had = False
    for second in range(until + 1):
        now = at(second)
        for one in (None, *(one for one in given if one.at == now)):
            done += [one] if one else []
            has = is_at_least(stack_at(done, now), "reader")
            if has and not had:
                found = one.seq if one else now
            had = has
    return found


@example(
    [
        Appointment(1, at(0), "owner"),
        Appointment(2, at(0), "none", at(1)),
        Appointment(3, at(1), "none"),
    ],
    25,
)
@given(appointments(), st.integers(25, 59))
def test_history_begins_at_the_last_rise_from_no_role(given: list[Appointment], now: int) -> None:
    rules = Rules(access="private", history="since_member")
    found = beginning(rules, Asker(given, at(now)), first_join=1_000)
    if is_at_least(role_at(given, at(now)), "moderator"):
        assert found == 1
    else:
        assert found == (last_rise(given, now) or 1_000)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    ("action", "least"),
    [
        ("read", "reader"),
        ("join", "reader"),
        ("chat", "member"),
        ("topic", "moderator"),
        ("kick", "moderator"),
        ("redact", "moderator"),
        ("configure", "owner"),
    ],
)
def test_a_role_allows_what_it_says(role: Role, action: Action, least: Role) -> None:
    asker = Asker([Appointment(1, at(0), role)], at(1))
    rules = Rules(access="listed")
    if is_at_least(role, least):
        assert authorize(rules, asker, action) == role
    else:
        with pytest.raises(Refused) as refused:
            authorize(rules, asker, action)
        assert refused.value.code == "forbidden"


def test_in_an_open_room_whoever_has_no_role_is_a_member() -> None:
    assert authorize(Rules(), Asker((), at(0)), "chat") == "member"
    given = [Appointment(1, at(0), "banned")]
    with pytest.raises(Refused, match="banned"):
        authorize(Rules(), Asker(given, at(1)), "read")


def test_in_a_locked_room_moderators_chat() -> None:
    locked = Rules(locked=True)
    with pytest.raises(Refused, match="locked"):
        authorize(locked, Asker((), at(0)), "chat")
    assert authorize(locked, Asker([Appointment(1, at(0), "moderator")], at(0)), "chat")


@pytest.mark.parametrize("role", ["none", "banned"])
def test_a_room_that_was_always_private_is_none_to_others(role: Role) -> None:
    asker = Asker([Appointment(1, at(0), role)], at(1))
    with pytest.raises(Refused) as refused:
        authorize(PRIVATE, asker, "read")
    assert refused.value.code == "room_unknown"
    with pytest.raises(Refused) as refused:
        authorize(replace(PRIVATE, was_public=True), asker, "read")
    assert refused.value.code == "forbidden"


def test_scopes_count_in_every_room() -> None:
    assert authorize(PRIVATE, Asker((), at(0), is_audit=True), "read") == "none"
    with pytest.raises(Refused):
        authorize(PRIVATE, Asker((), at(0), is_audit=True), "join")
    assert role_in(PRIVATE, Asker((), at(0), is_admin=True)) == "owner"


@pytest.mark.parametrize(
    ("actor", "target", "role", "is_self", "allowed"),
    [
        ("owner", "owner", "none", False, True),
        ("moderator", "member", "banned", False, True),
        ("moderator", "none", "member", False, True),
        ("moderator", "moderator", "member", False, False),
        ("moderator", "member", "moderator", False, False),
        ("moderator", "moderator", "none", True, True),
        ("member", "member", "none", True, True),
        ("member", "member", "reader", True, False),
        ("member", "member", "none", False, False),
        ("reader", "reader", "none", True, False),
        ("banned", "banned", "none", True, False),
    ],
)
def test_who_may_give_which_role(
    actor: Role, target: Role, role: Role, is_self: bool, allowed: bool
) -> None:
    given = [Appointment(1, at(0), target)]
    rules = Rules(access="listed")
    if allowed:
        check_appointment(rules, actor, given, role, at(1), is_self=is_self)
        return
    with pytest.raises(Refused):
        check_appointment(rules, actor, given, role, at(1), is_self=is_self)


def test_nobody_leaves_while_a_limited_role_runs() -> None:
    given = [Appointment(1, at(0), "member"), Appointment(2, at(1), "member", at(30))]
    rules = Rules(access="listed")
    with pytest.raises(Refused):
        check_appointment(rules, "member", given, "none", at(2), is_self=True)
    check_appointment(rules, "member", given, "none", at(30), is_self=True)
    for_good = [*given, Appointment(3, at(3), "member")]
    check_appointment(rules, "member", for_good, "none", at(4), is_self=True)


def test_who_may_chat_is_asked_again_once_a_right_changes() -> None:
    rights = Rights()
    rights.check_chat("ada", at(0), is_admin=False)
    rights.rules = Rules(locked=True)
    with pytest.raises(Refused, match="locked"):
        rights.check_chat("ada", at(0), is_admin=False)
    rights.appoint("ada", Appointment(1, at(0), "moderator"))
    rights.check_chat("ada", at(1), is_admin=False)
    rights.appoint("ada", Appointment(2, at(1), "reader", at(30)))
    with pytest.raises(Refused):
        rights.check_chat("ada", at(2), is_admin=False)
    rights.check_chat("ada", at(30), is_admin=False)


def test_a_role_that_runs_out_takes_the_right_to_chat_with_it() -> None:
    rights = Rights(Rules(access="listed"))
    rights.appoint("ada", Appointment(1, at(0), "member", at(30)))
    rights.check_chat("ada", at(29), is_admin=False)
    with pytest.raises(Refused):
        rights.check_chat("ada", at(30), is_admin=False)


def test_an_admins_right_is_not_remembered_for_the_person_without_the_scope() -> None:
    rights = Rights(Rules(access="listed"))
    rights.check_chat("ada", at(0), is_admin=True)
    with pytest.raises(Refused):
        rights.check_chat("ada", at(0), is_admin=False)
