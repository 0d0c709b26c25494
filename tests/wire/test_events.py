"""The exact bytes of each event, as in section 3 of the contract."""

from __future__ import annotations

import dataclasses
import json

import pytest

from chatlog.kinds.chat import Posted
from chatlog.kinds.erasure import Erased
from chatlog.kinds.event import Event
from chatlog.kinds.join import Joined
from chatlog.kinds.leave import Left
from chatlog.wire.events import encode
from tests.support.events import ADA, BOB, NODE, hash_of, recorded

H = hash_of(42)[:8].hex()
PLACE = f'"room":"general","seq":42,"hash":"{H}","at":"2026-11-22T17:00:00.123456Z"'
GONE = dataclasses.replace(ADA, name=None)

BYTES: dict[str, tuple[Event, str]] = {
    "chat": (
        Posted(ADA, "s", NODE, "hello", "c-17"),
        f'{{"type":"chat",{PLACE},"id":"c-17","username":"ada","message":"hello"}}',
    ),
    "chat without id": (
        Posted(ADA, "s", NODE, 'a\n\t"b" é🎉'),
        f'{{"type":"chat",{PLACE},"username":"ada","message":"a\\n\\t\\"b\\" é🎉"}}',
    ),
    "arrival": (
        Joined(BOB, "s", NODE, 1, 1),
        (
            f'{{"type":"notification","event":"join",{PLACE},"username":"bob","sessions":1,'
            '"message":"bob joined the room."}'
        ),
    ),
    "departure": (
        Left(BOB, "s", NODE, 0, "disconnected"),
        (
            f'{{"type":"notification","event":"leave",{PLACE},"username":"bob","sessions":0,'
            '"cause":"disconnected","message":"bob left the room."}'
        ),
    ),
    "lapsed": (
        Left(BOB, "s", NODE, 0, "lapsed", "2026-11-22T16:59:00.000000Z"),
        (
            f'{{"type":"notification","event":"leave",{PLACE},"username":"bob","sessions":0,'
            '"cause":"lapsed","last_seen_at":"2026-11-22T16:59:00.000000Z",'
            '"message":"bob left the room."}'
        ),
    ),
    "further session": (
        Joined(ADA, "s", NODE, 2, 1),
        f'{{"type":"session","event":"join",{PLACE},"username":"ada","sessions":2}}',
    ),
    "one session less": (
        Left(ADA, "s", NODE, 1, "left"),
        f'{{"type":"session","event":"leave",{PLACE},"username":"ada","sessions":1,"cause":"left"}}',
    ),
    "erasure": (
        Erased(ADA, NODE, (42, 43), "spam"),
        f'{{"type":"erasure",{PLACE},"of":[42,43],"username":"ada"}}',
    ),
    "erased chat": (
        Posted(ADA, "s", NODE, None, "c-17"),
        f'{{"type":"chat",{PLACE},"id":"c-17","username":"ada","message":"","erased":true}}',
    ),
    "chat of an erased person": (
        Posted(GONE, "s", NODE, None),
        f'{{"type":"chat",{PLACE},"username":"(erased)","message":"","erased":true}}',
    ),
    "arrival of an erased person": (
        Joined(GONE, "s", NODE, 1, 1),
        (
            f'{{"type":"notification","event":"join",{PLACE},"username":"(erased)","sessions":1,'
            '"message":"","erased":true}'
        ),
    ),
    "departure of an erased person": (
        Left(GONE, "s", NODE, 0, "left"),
        (
            f'{{"type":"notification","event":"leave",{PLACE},"username":"(erased)","sessions":0,'
            '"cause":"left","message":"","erased":true}'
        ),
    ),
    "further session of an erased person": (
        Joined(GONE, "s", NODE, 2, 1),
        (
            f'{{"type":"session","event":"join",{PLACE},"username":"(erased)","sessions":2,'
            '"erased":true}'
        ),
    ),
}


@pytest.mark.parametrize(("event", "text"), BYTES.values(), ids=BYTES)
def test_an_event_is_these_bytes(event: Event, text: str) -> None:
    assert encode(recorded(42, event)).decode() == text


@pytest.mark.parametrize(("event", "text"), BYTES.values(), ids=BYTES)
def test_an_event_is_json_and_the_same_bytes_again(event: Event, text: str) -> None:
    assert encode(recorded(42, event)) == encode(recorded(42, event))
    assert json.loads(text)["seq"] == 42


def test_a_blank_name_is_not_taken_for_erased() -> None:
    found = json.loads(
        encode(recorded(42, Posted(dataclasses.replace(ADA, name=""), "s", "n", "x")))
    )
    assert found["username"] == ""
    assert "erased" not in found
