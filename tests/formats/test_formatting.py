"""Formatting goes by its grammar, and nothing else with it."""

from __future__ import annotations

import pytest

from chatlog.formats import formatting
from chatlog.formats.formatting import plain


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("plain", "plain"),
        ("\x034,1warning:\x03 disk \x02full\x02", "warning: disk full"),
        ("at \x0312,0\x1fnode7\x1f\x0f", "at node7"),
        ("\x033 tests failed", " tests failed"),
        ("price \x0313 euros", "price  euros"),
        ("\x03123 men", "3 men"),
        ("\x034,and", ",and"),
        ("\x034,123", "3"),
        ("\x03,4", ",4"),
        ("\x04FF0000red\x04 done", "red done"),
        ("\x04FF0000,00ff00red", "red"),
        ("\x04FF00red", "FF00red"),
        ("a\x02b\x0fc\x11d\x16e\x1df\x1eg\x1fh", "abcdefgh"),
        ("tab\tstays, \x07bell and \x00nul go", "tab\tstays, bell and nul go"),
        ("é 世界 🎉\u200d", "é 世界 🎉\u200d"),
    ],
)  # fmt: skip
def test_a_text_without_formatting(written: str, shown: str) -> None:
    assert plain(written) == shown


@pytest.mark.parametrize("text", ["plain", "2020-01-02\tann\tgrüße, 世界"])
def test_a_text_of_tabs_and_printable_characters_is_not_looked_at_one_by_one(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    monkeypatch.setattr(formatting, "_is_storable", looked.append)
    assert plain(text) == text
    assert plain(f"\x02{text}") == text
    assert not looked
