"""Frames as server-sent events."""

from __future__ import annotations

import msgspec
import pytest

from chatlog.wire.frames import payloads, text_frame
from chatlog.wire.server_sent import Cursors, cursor_in, cursors_in, messages_of


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 70_000])
def test_frames_are_taken_apart_where_they_were_put_together(size: int) -> None:
    given = [b"x" * size, b"", b"y" * size, b"z"]
    assert list(payloads(b"".join(map(text_frame, given)))) == given


def test_events_have_ids_answers_have_names_and_frames_of_signing_in_are_left_out() -> None:
    hash = "0123456789abcdef"
    chat = b'{"type":"chat","room":"r","seq":7,"hash":"%b","message":"a\\nb"}' % hash.encode()
    users = b'{"type":"users","room":"r","seq":7,"users":[],"count":0}'
    caught_up = b'{"type":"caught_up","room":"r","seq":7,"hash":"%b"}' % hash.encode()
    auth = b'{"type":"auth","subject":"ada"}'
    frames = b"".join(map(text_frame, (auth, chat, users, caught_up)))
    assert messages_of(frames).decode() == (
        f"id: 7-{hash}\ndata: {chat.decode()}\n\n"
        f"event: users\ndata: {users.decode()}\n\n"
        f"event: caught_up\ndata: {caught_up.decode()}\n\n"
    )


def test_an_id_is_a_cursor_and_any_other_text_one_of_no_event() -> None:
    assert cursor_in("7-0123456789abcdef") == (7, "0123456789abcdef")
    wrong = {
        "7",
        "7-",
        "7-0123",
        "x-0123456789abcdef",
        "7-0123456789ABCDEF",
        "9" * 19 + "-" + "0" * 16,
    }
    assert len({cursor_in(text) for text in wrong}) == 1


def test_the_id_of_several_rooms_has_the_cursors_of_all_whatever_their_names() -> None:
    given = {"a": (1, "0" * 16), "caffè, x=y%": (2, "1" * 16), "\r\nid: 3": (3, "2" * 16)}
    cursors = Cursors({"b": (4, "3" * 16)})
    message = b""
    for room, (seq, hash) in given.items():
        event = {"type": "chat", "room": room, "seq": seq, "hash": hash}
        message = cursors.messages_of(text_frame(msgspec.json.encode(event)))
    id, _, data = message.decode().partition("\ndata: ")
    assert id.isascii()
    assert data.count("\n") == 2
    assert cursors_in(id.removeprefix("id: ")) == {"b": (4, "3" * 16), **given}
    assert cursors_in("1-0000000000000000") is None
