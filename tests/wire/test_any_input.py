"""Whatever bytes a client sends become a command or an error, never anything else."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from chatlog.wire.answers import Error, encode_answer
from chatlog.wire.commands import BadCommand, ClientCommand, decode
from tests.support.events import LIMITS

CODES = {"bad_json", "bad_command", "unknown_type", "room_invalid", "username_invalid"} | {
    "message_empty",
    "message_too_long",
}
KEYS = st.sampled_from(
    [
        "type",
        "room",
        "username",
        "message",
        "id",
        "backlog",
        "after",
        "before",
        "around",
        "limit",
        "types",
        "hash",
        "presence",
        "x",
    ]
)
TYPES = st.sampled_from(["join", "chat", "leave", "history", "users", "ping", "nope"])
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(2**62, 2**66)
    | st.floats()
    | st.text(st.characters(), max_size=20)
    | TYPES
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=8,
)
OBJECTS = st.dictionaries(KEYS, VALUES, max_size=6)
TYPED = st.builds(lambda found, kind: {**found, "type": kind}, OBJECTS, TYPES)


def outcome(raw: bytes) -> ClientCommand | BadCommand | None:
    """Decode; None stands for a text that is not UTF-8. Anything else raised is a failure."""
    found: ClientCommand | BadCommand
    try:
        found = decode(raw, LIMITS)
    except UnicodeDecodeError:
        return None
    except BadCommand as error:
        found = error
    if isinstance(found, BadCommand):
        assert found.code in CODES
        assert found.sentence
        encode_answer(Error(found.code, found.sentence, found.id)).decode()
    return found


@given(st.binary(max_size=200))
def test_any_bytes(raw: bytes) -> None:
    try:
        raw.decode()
    except UnicodeDecodeError:
        assert outcome(raw) is None
    else:
        assert outcome(raw) is not None


@given(TYPED | VALUES)
def test_any_json(value: Any) -> None:
    for ascii_ in (True, False):
        try:
            raw = json.dumps(value, ensure_ascii=ascii_).encode()
        except UnicodeEncodeError:
            continue
        found = outcome(raw)
        assert found is not None
        if not isinstance(value, dict):
            assert isinstance(found, BadCommand)
            assert found.code == "bad_json"


@given(TYPED)
def test_what_passes_is_of_the_type_that_was_asked_for(value: dict[str, Any]) -> None:
    found = outcome(json.dumps(value).encode())
    if not isinstance(found, BadCommand):
        assert msgspec.to_builtins(found)["type"] == value["type"]
        assert found is not None
        assert found.id is None or 1 <= len(found.id) <= 64


@given(TYPED, st.data())
def test_any_command_with_one_byte_changed(value: dict[str, Any], data: st.DataObject) -> None:
    raw = bytearray(json.dumps(value, ensure_ascii=True).encode())
    raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    outcome(bytes(raw))
