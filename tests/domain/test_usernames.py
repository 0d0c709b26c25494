"""What a person may be called."""

from __future__ import annotations

import dataclasses
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatlog.domain.errors import Refused
from chatlog.domain.names import check_stored_username, check_username, username_from
from tests.support.events import LIMITS

GOOD = {
    "a plain word": "ada",
    "one character": "x",
    "64 characters": "a" * 64,
    "inner spaces, even two": "Ada  Lovelace",
    "any punctuation": "<[GuS]> / \\ \"'?*%$",
    "emoji": "🎉",
    "Arabic": "ليلى",
    "composed": "José",
    "dots only": "...",
    "a flag": "🇫🇷",
    "a sign asked for as an emoji": "I ❤\ufe0f tea",
    "an emoji asked for as one": "🎉\ufe0f",
    "a keycap": "1\ufe0f\u20e3",
    "a parenthesis at one end": "(ada",
    "parentheses inside": "ada (work) l",
}
BAD = {
    "empty": "",
    "65 characters": "a" * 65,
    "leading space": " ada",
    "trailing space": "ada ",
    "spaces only": "   ",
    "trailing no-break space": "ada\u00a0",
    "leading ideographic space": "\u3000ada",
    "newline": "a\nb",
    "tab": "a\tb",
    "NUL": "a\0b",
    "escape": "\x1b[31mred",
    "delete": "a\x7f",
    "C1 control": "a\x9bb",
    "right-to-left override": "a\u202eb",
    "left-to-right isolate": "a\u2066b",
    "right-to-left mark": "a\u200fb",
    "Arabic letter mark": "a\u061cb",
    "zero-width space": "a\u200bb",
    "zero-width joiner": "a\u200db",
    "zero-width non-joiner": "a\u200cb",
    "word joiner": "a\u2060b",
    "byte order mark": "\ufeffada",
    "soft hyphen": "a\u00adb",
    "tag character": "a\U000e0041",
    "line separator": "a\u2028b",
    "paragraph separator": "a\u2029b",
    "decomposed": "Jose\u0301",
    "an Ångström sign, which is not normal": "\u212b",
    "lone surrogate": "a\udfff",
    "combining grapheme joiner": "a\u034fb",
    "variation selector": "a\ufe0eb",
    "emoji style after a letter": "a\ufe0f",
    "emoji style after a digit": "1\ufe0f",
    "emoji style twice": "❤\ufe0f\ufe0f",
    "supplementary variation selector": "a\U000e0100",
    "Hangul filler": "a\u3164b",
    "Hangul choseong filler": "a\u115fb",
    "Hangul jungseong filler": "a\u1160b",
    "halfwidth Hangul filler": "a\uffa0b",
    "Khmer inherent vowel": "a\u17b4b",
    "other Khmer inherent vowel": "a\u17b5b",
    "Mongolian variation selector": "a\u180bb",
    "fourth Mongolian variation selector": "a\u180fb",
    "blank Braille pattern": "a\u2800b",
    "musical symbol without a head": "a\U0001d159b",
    "not assigned, and ignorable": "a\ufff0b",
    "no-break space inside": "a\u00a0b",
    "em space inside": "a\u2003b",
    "the program's own name": "(retention)",
    "any name in parentheses": "(ada)",
    "nothing in parentheses": "()",
}


@pytest.mark.parametrize("name", GOOD.values(), ids=GOOD)
def test_a_name_in_form_is_accepted(name: str) -> None:
    check_username(name, LIMITS)


@pytest.mark.parametrize("name", BAD.values(), ids=BAD)
def test_a_name_not_in_form_is_refused_with_a_sentence(name: str) -> None:
    with pytest.raises(Refused) as refusal:
        check_username(name, LIMITS)
    assert refusal.value.code == "username_invalid"
    assert refusal.value.sentence.startswith("Usernames ")
    assert refusal.value.sentence.endswith(".")


def test_the_longest_name_is_a_setting() -> None:
    limits = dataclasses.replace(LIMITS, max_username_chars=3)
    check_username("ada", limits)
    with pytest.raises(Refused, match="1 to 3 characters"):
        check_username("adam", limits)


@given(
    st.text(
        st.one_of(st.sampled_from("aé \u0301\u200b\u202e\n\x9b\ufeff🎉"), st.characters()),
        max_size=70,
    )
)
def test_whatever_passes_is_normal_storable_and_visible(name: str) -> None:
    try:
        check_username(name, LIMITS)
    except Refused:
        return
    assert 1 <= len(name) <= 64
    assert unicodedata.normalize("NFC", name) == name
    assert name.encode().decode() == name
    assert name == name.strip()
    assert len(name.splitlines()) == 1
    assert not {unicodedata.category(char) for char in name} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert not any(
        unicodedata.bidirectional(char) in {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI"}
        for char in name
    )
    assert not any(char.isspace() and char != " " for char in name)
    assert not (name.startswith("(") and name.endswith(")") and len(name) > 1)


@pytest.mark.parametrize(
    ("said", "name"),
    {
        "ada": "ada",
        " a\u034fd\u3164a\U000e0100 ": "ada",
        "a\u200bda\x02": "ada",
        "e\u034f\u0301": "é",
        "Ada\u00a0L": "Ada L",
        "(retention)": "retention",
        "(( ada ))": "ada",
        "❤\ufe0f\ufe0f": "❤\ufe0f",
        "\u2800": "",
        "()": "",
    }.items(),
)
def test_a_name_from_elsewhere_loses_what_is_not_seen(said: str, name: str) -> None:
    assert username_from(said) == name


@given(st.text(st.one_of(st.sampled_from("a\u0301\u034f\ufe0f❤( )\u00a0"), st.characters())))
def test_a_name_from_elsewhere_is_in_form_or_empty_or_too_long(said: str) -> None:
    name = username_from(said)
    assert username_from(name) == name
    if 1 <= len(name) <= 64:
        check_username(name, LIMITS)


def test_what_earlier_versions_took_can_still_be_spoken_of() -> None:
    for name in ("(ada)", "a\u034fb", "a\u00a0b"):
        check_stored_username(name)
    with pytest.raises(Refused):
        check_stored_username("a\x1bb")
