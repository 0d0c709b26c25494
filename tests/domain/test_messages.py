"""What a message and a command's id may contain."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatlog.domain.errors import Refused
from chatlog.domain.names import check_id, check_message
from tests.support.events import LIMITS

CONTROLS = [chr(n) for n in (*range(0x20), *range(0x7F, 0xA0)) if chr(n) not in "\n\t"]


@pytest.mark.parametrize(
    "message",
    ["hi", " hi ", "a\nb\tc", "🎉", "\u200b", "cafe\u0301", "a\u2028b", "x" * 8_192, "é" * 4_096],
)
def test_a_message_is_taken_as_it_is(message: str) -> None:
    check_message(message, LIMITS)


@pytest.mark.parametrize("message", ["", " ", "\n", "\t \n", "\u00a0", "\u3000\u2003"])
def test_a_blank_message_is_message_empty(message: str) -> None:
    with pytest.raises(Refused) as refusal:
        check_message(message, LIMITS)
    assert refusal.value.code == "message_empty"


@pytest.mark.parametrize(
    "message", ["x" * 8_193, "é" * 4_096 + "x", "🎉" * 2_049, "x" * 8_190 + "€"]
)
def test_a_message_of_more_bytes_than_the_limit_is_message_too_long(message: str) -> None:
    with pytest.raises(Refused, match=r"8192 bytes of UTF-8\.$") as refusal:
        check_message(message, LIMITS)
    assert refusal.value.code == "message_too_long"


@pytest.mark.parametrize("char", [*CONTROLS, *map(chr, (0xD800, 0xDFFF))], ids=ascii)
def test_a_control_character_is_bad_command_naming_message(char: str) -> None:
    with pytest.raises(Refused, match="`message`") as refusal:
        check_message(f"a{char}b", LIMITS)
    assert refusal.value.code == "bad_command"


@given(st.text(st.one_of(st.sampled_from("a \n\t\r\0\x9b\ud800"), st.characters()), max_size=30))
def test_whatever_passes_is_storable_and_holds_no_control_but_newline_and_tab(
    message: str,
) -> None:
    try:
        check_message(message, dataclasses.replace(LIMITS, max_message_bytes=20))
    except Refused:
        return
    assert message.strip()
    assert len(message.encode()) <= 20
    assert not set(CONTROLS) & set(message)


@pytest.mark.parametrize("id", ["x", "c-17", "x" * 64, "é" * 64, "a\nb", "🎉", " "])
def test_an_id_is_1_to_64_characters(id: str) -> None:
    check_id(id)


@pytest.mark.parametrize("id", ["", "x" * 65, "a\0b", "\0", "a\ud800"])
def test_an_id_that_a_database_could_not_store_is_bad_command(id: str) -> None:
    with pytest.raises(Refused, match="`id`") as refusal:
        check_id(id)
    assert refusal.value.code == "bad_command"
