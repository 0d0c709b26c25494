"""Names that look alike have one skeleton, others differ."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatlog.domain import skeletons
from chatlog.domain.skeletons import UNICODE_VERSION, skeleton

ALIKE = {
    "Cyrillic a": ("ada", "\u0430d\u0430"),
    "all Cyrillic": ("cope", "\u0441\u043e\u0440\u0435"),
    "Greek omicron": ("bob", "b\u03bfb"),
    "rn and m": ("modern", "rnodern"),
    "digit one and l": ("al", "a1"),
    "capital I and l": ("al", "aI"),
    "bar and l": ("al", "a|"),
    "zero and O": ("O2", "02"),
    "full width": ("ada", "\uff41\uff44\uff41"),
    "mathematical": ("ada", "\U0001d41a\U0001d41d\U0001d41a"),
    "zero width space": ("ada", "a\u200bda"),
    "soft hyphen": ("ada", "a\u00adda"),
    "variation selector": ("ada", "ada\ufe0f"),
    "no-break space": ("ada b", "ada\u00a0b"),
    "composed": ("zo\u00eb", "zoe\u0308"),
    "ligature": ("oe", "\u0153"),
    "quotes": ("d'arc", "d\u2019arc"),
    "Hangul filler": ("ada", "ada\u3164"),
    "Cherokee": ("ADA", "AD\u13aa"),
}
DIFFERENT = [
    ("ada", "ado"),
    ("ada", "ADA"),  # the standard's skeleton distinguishes case
    ("bob", "bo"),
    ("zoe", "zo\u00eb"),
    ("a b", "ab"),
    ("日本", "日木"),
    ("m", "n"),
    ("user-1", "user-2"),
    ("ада", "оно"),
]


@pytest.mark.parametrize(("one", "other"), ALIKE.values(), ids=ALIKE)
def test_names_that_look_alike_have_the_same_skeleton(one: str, other: str) -> None:
    assert one != other
    assert skeleton(one) == skeleton(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_names_that_look_different_keep_different_skeletons(one: str, other: str) -> None:
    assert skeleton(one) != skeleton(other)


def test_known_skeletons_are_those_of_the_standard() -> None:
    assert skeleton("modern 10%") == "rnodern lO\u00b0/\u2080"
    assert skeleton("\u00d8") == "O\u0338"
    assert skeleton("ada") == "ada"
    assert skeleton("") == ""


@given(st.text())
def test_a_skeleton_is_its_own_skeleton(name: str) -> None:
    assert skeleton(skeleton(name)) == skeleton(name)


def test_the_data_is_of_the_version_that_is_stored_with_skeletons() -> None:
    data = Path(skeletons.__file__).with_name("confusables.txt").read_text("utf-8")
    assert re.search(r"^# Unicode ([\d.]+),", data, re.MULTILINE)[1] == UNICODE_VERSION  # type: ignore[index]
    assert len(skeletons._prototypes()) > 10_000


def test_a_skeleton_takes_microseconds() -> None:
    skeleton("")
    began = time.process_time()
    for _ in range(1_000):
        skeleton("Zo\u00eb M\u00fcller \u0430\u0434\u0430")
    assert time.process_time() - began < 0.1
