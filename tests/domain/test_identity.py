"""An identity is in form whoever made it, a token or the embedding program."""

from __future__ import annotations

from typing import Any

import pytest

from chatlog.domain.errors import Refused
from chatlog.domain.identity import Identity, check_identity, check_subject
from chatlog.domain.names import STORED_LIMITS


@pytest.mark.parametrize(
    "scope", ["audit admin other", ["audit", "admin"], {"audit", "admin", "x"}, ("admin", "audit")]
)
def test_a_scope_is_words_however_they_are_given(scope: Any) -> None:
    identity = Identity("u", scope=scope)
    assert identity.scope == frozenset({"audit", "admin"})
    assert identity.is_admin
    assert identity.is_audit


def test_nothing_is_granted_by_default() -> None:
    identity = Identity("u")
    assert not identity.is_admin
    assert not identity.is_audit
    assert identity.rooms == {}


def test_rooms_are_never_changed_through_what_was_given() -> None:
    rooms = {"general": "reader"}
    identity = Identity("u", rooms=rooms)
    rooms["general"] = "owner"
    assert identity.rooms == {"general": "reader"}
    with pytest.raises(TypeError):
        identity.rooms["general"] = "owner"  # type: ignore[index]
    assert hash(identity) == hash(Identity("u", rooms={"general": "owner"}))


@pytest.mark.parametrize("subject", ["u", "auth0|5f7", "日本", "a b", "()x", "x" * 128])
def test_a_subject_may_be_any_printable_text(subject: str) -> None:
    check_subject(subject)


@pytest.mark.parametrize(
    "subject", ["", "x" * 129, "a\n", "a\x00", "a\x85", "\ud800", "(erased)", "()", 1, None]
)
def test_a_subject_that_could_not_be_stored_or_is_reserved_is_refused(subject: object) -> None:
    with pytest.raises(Refused):
        check_subject(subject)


@pytest.mark.parametrize(
    ("wrong", "claim"),
    [
        ({"subject": 17}, "sub"),
        ({"name": "(retention)"}, "name"),
        ({"name": 1}, "name"),
        ({"scope": None}, "scope"),
        ({"rooms": ["general"]}, "rooms"),
        ({"rooms": {"general": "king"}}, "rooms"),
        ({"rooms": {1: "owner"}}, "rooms"),
        ({"expires_at": float("nan")}, "exp"),
        ({"expires_at": True}, "exp"),
        ({"issued_at": "now"}, "iat"),
        ({"token_id": ""}, "jti"),
    ],
)
def test_what_is_not_in_form_is_named(wrong: dict[str, Any], claim: str) -> None:
    with pytest.raises(Refused, match=f"`{claim}`") as refused:
        check_identity(Identity(**{"subject": "u", **wrong}), STORED_LIMITS)
    assert refused.value.code == "token_invalid"


def test_an_identity_in_form_passes() -> None:
    rooms = {"general": "owner", "#off topic": "banned", "help": "none"}
    check_identity(Identity("u", "Ada", "audit", rooms, 2e9, 1, "t"), STORED_LIMITS)  # type: ignore[arg-type]
