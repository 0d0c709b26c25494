"""The exact bytes of what is said to one client alone."""

from __future__ import annotations

import pytest

from chatlog.wire.answers import (
    Ack,
    Answer,
    CaughtUp,
    Error,
    HistoryFrame,
    Pong,
    UsersFrame,
    encode_answer,
    encode_events,
)
from chatlog.wire.events import encode
from tests.support.events import ADA, posted, recorded

H = "0123456789abcdef"
EVENT = recorded(1, posted(ADA))

BYTES: dict[str, tuple[Answer, str]] = {
    "ack": (
        Ack(id="c-17", room="general", seq=42, hash=H),
        f'{{"type":"ack","id":"c-17","room":"general","seq":42,"hash":"{H}"}}',
    ),
    "repeated ack": (
        Ack(id="c-17", room="general", seq=42, hash=H, repeated=True),
        f'{{"type":"ack","id":"c-17","room":"general","seq":42,"hash":"{H}","repeated":true}}',
    ),
    "error": (
        Error("not_joined", "Join the room before you chat in it.", "c-18"),
        (
            '{"type":"error","code":"not_joined",'
            '"message":"Join the room before you chat in it.","id":"c-18"}'
        ),
    ),
    "error without id": (
        Error("bad_json", "Send JSON."),
        '{"type":"error","code":"bad_json","message":"Send JSON."}',
    ),
    "users": (
        UsersFrame("general", 45, ["ada"], 1),
        '{"type":"users","room":"general","seq":45,"users":["ada"],"count":1}',
    ),
    "nobody": (
        UsersFrame("general", 45, [], 0, "u-1"),
        '{"type":"users","room":"general","seq":45,"users":[],"count":0,"id":"u-1"}',
    ),
    "caught up": (
        CaughtUp("general", 45, H, 1, False, "s"),
        (
            f'{{"type":"caught_up","room":"general","seq":45,"hash":"{H}","first":1,"more":false,'
            '"session":"s"}'
        ),
    ),
    "caught up with id": (
        CaughtUp("general", 45, H, 7, True, "s", "j-1"),
        (
            f'{{"type":"caught_up","room":"general","seq":45,"hash":"{H}","first":7,"more":true,'
            '"session":"s","id":"j-1"}'
        ),
    ),
    "history": (
        HistoryFrame("general", encode_events([EVENT]), 1, 42, False, True),
        (
            f'{{"type":"history","room":"general","events":[{encode(EVENT).decode()}],"first":1,'
            '"last":42,"more_before":false,"more_after":true}'
        ),
    ),
    "empty history": (
        HistoryFrame("general", [], None, None, True, False, "h-1"),
        (
            '{"type":"history","room":"general","events":[],"first":null,"last":null,'
            '"more_before":true,"more_after":false,"id":"h-1"}'
        ),
    ),
    "pong": (Pong(), '{"type":"pong"}'),
    "pong with id": (Pong("p-1"), '{"type":"pong","id":"p-1"}'),
}


@pytest.mark.parametrize(("answer", "text"), BYTES.values(), ids=BYTES)
def test_an_answer_is_these_bytes(answer: Answer, text: str) -> None:
    assert encode_answer(answer).decode() == text
