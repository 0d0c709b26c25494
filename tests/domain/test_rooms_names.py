"""What a room may be called."""

from __future__ import annotations

import dataclasses
import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chatlog.domain.errors import Refused
from chatlog.domain.names import check_room
from chatlog.domain.unseen import seen
from tests.support.events import LIMITS

GOOD = {
    "a plain word": "general",
    "one character": "x",
    "64 characters": "a" * 64,
    "64 characters of four bytes": "𐐀" * 64,
    "inner single spaces": "the old lobby",
    "all the punctuation": "a._-#@:+&'()",
    "punctuation alone": "#",
    "a dot among others": ".hidden",
    "Greek": "αγορά",
    "Arabic": "غرفة",
    "Devanagari with marks": "हिन्दी",
    "digits of another script": "٣٤٥",
    "Chinese": "大厅",
    "Hangul, composed": "한국어",
}
BAD = {
    "empty": "",
    "65 characters": "a" * 65,
    "leading space": " general",
    "trailing space": "general ",
    "two spaces in a row": "a  b",
    "a space alone": " ",
    "one dot": ".",
    "dots only": "...",
    "slash": "a/b",
    "backslash": "a\\b",
    "quote": 'a"b',
    "less than": "<b>",
    "question mark": "a?b",
    "percent": "a%b",
    "newline": "a\nb",
    "tab": "a\tb",
    "NUL": "a\0b",
    "no-break space": "a\u00a0b",
    "zero-width space": "a\u200bb",
    "right-to-left override": "a\u202eb",
    "line separator": "a\u2028b",
    "emoji": "party🎉",
    "a fraction": "½",
    "a Roman numeral": "Ⅷ",
    "a superscript": "x²",
    "decomposed": "cafe\u0301",
    "lone surrogate": "a\ud800",
    "unassigned": "a\u0378",
    "private use": "a\ue000",
    "combining grapheme joiner": "a\u034fb",
    "Hangul filler": "a\u3164",
    "variation selector": "a\ufe0f",
    "supplementary variation selector": "a\U000e0100",
}


@pytest.mark.parametrize("name", GOOD.values(), ids=GOOD)
def test_a_name_in_form_is_accepted(name: str) -> None:
    check_room(name, LIMITS)


@pytest.mark.parametrize("name", BAD.values(), ids=BAD)
def test_a_name_not_in_form_is_refused_with_a_sentence(name: str) -> None:
    with pytest.raises(Refused) as refusal:
        check_room(name, LIMITS)
    assert refusal.value.code == "room_invalid"
    assert refusal.value.sentence.startswith("Room names ")
    assert refusal.value.sentence.endswith(".")


def test_the_longest_name_is_a_setting() -> None:
    limits = dataclasses.replace(LIMITS, max_room_chars=3)
    check_room("abc", limits)
    with pytest.raises(Refused, match="1 to 3 characters"):
        check_room("abcd", limits)


NAMES = st.text(
    st.one_of(st.sampled_from("aé٣. _-#@:+&'()/\u0301\u200b\n🎉"), st.characters()), max_size=70
)


@given(NAMES)
def test_whatever_passes_is_normal_storable_and_visible(name: str) -> None:
    try:
        check_room(name, LIMITS)
    except Refused:
        return
    assert 1 <= len(name) <= 64
    assert unicodedata.normalize("NFC", name) == name
    assert name.encode().decode() == name
    assert name == " ".join(name.split())
    assert set(name) != {"."}
    for char in name:
        assert char in " ._-#@:+&'()" or unicodedata.category(char) in {
            "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd",
        }  # fmt: skip


@given(st.text(st.characters(categories=["L", "M", "Nd"]), min_size=1, max_size=20))
def test_any_letters_marks_and_digits_make_a_name_once_they_are_normal(text: str) -> None:
    name = unicodedata.normalize("NFC", text)[:64]
    assume(seen(name) == name)
    check_room(name, LIMITS)
