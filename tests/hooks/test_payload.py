"""What programs send, as the text of a chat."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatlog.domain.names import STORED_LIMITS, check_message, check_username
from chatlog.web.hooks.payload import Payload, sender_of, text_of

FORMS: dict[str, tuple[dict[str, Any], str]] = {
    "a text": ({"text": "hello"}, "hello"),
    "lines": ({"text": "one\r\ntwo\rthree\n"}, "one\ntwo\nthree"),
    "entities once": ({"text": "a &lt;b&gt; &amp;amp; c"}, "a <b> &amp; c"),
    "a bare link": ({"text": "see <https://x.org/a?b=1&amp;c=2>"}, "see https://x.org/a?b=1&c=2"),
    "a link": ({"text": "<https://x.org|here>!"}, "here (https://x.org)!"),
    "a link called itself": ({"text": "<https://x.org|https://x.org>"}, "https://x.org"),
    "no link": ({"text": "1 < 2 > 0 <b> a|b"}, "1 < 2 > 0 <b> a|b"),
    "mentions": ({"text": "<!here> <@U02|ada> <#C1|ops> <@U3>"}, "@here @ada #ops @U3"),
    "a number": ({"text": 7}, "7"),
    "colours of a terminal": ({"text": "\x1b[31mred\x00"}, "[31mred"),
    "an attachment": (
        {
            "text": "build",
            "attachments": [
                {
                    "fallback": "not shown",
                    "pretext": "before",
                    "title": "#7",
                    "title_link": "https://ci.example/7",
                    "text": "it <https://x.org|failed>",
                    "fields": [{"title": "Branch", "value": "main", "short": True}],
                    "color": "#f00",
                }
            ],
        },
        "build\nbefore\n#7 (https://ci.example/7)\nit failed (https://x.org)\nBranch: main",
    ),
    "its fallback": ({"attachments": [{"fallback": "only this"}, {}]}, "only this"),
    "a link without a title": ({"attachments": [{"title_link": "https://x"}]}, "https://x"),
    "null": ({"text": None, "attachments": None, "blocks": []}, ""),
}


@pytest.mark.parametrize("form", FORMS)
def test_its_markup_is_undone(form: str) -> None:
    payload, text = FORMS[form]
    assert text_of(msgspec.convert(payload, Payload), 8_192) == text


def test_it_is_cut_at_a_character() -> None:
    assert text_of(Payload(text="aé" * 10), 10) == "aéaéa…"
    assert text_of(Payload(text="a" * 10), 10) == "a" * 10
    assert text_of(Payload(text="🦉" * 10), 12) == "🦉🦉…"


def test_the_sender_fits_behind_the_hooks_name() -> None:
    assert sender_of(Payload(username="deploy"), "CI", 64) == "deploy"
    assert sender_of(Payload(username="de\u202eploy\n"), "CI", 64) == "deploy"
    assert sender_of(Payload(username="deployment"), "CI", 12) == "deploy…"
    assert sender_of(Payload(username="x"), "C" * 62, 64) is None
    nobodies: tuple[Any, ...] = (None, "", " ", "\u200b", [], {})
    for nobody in nobodies:
        assert sender_of(Payload(username=nobody), "CI", 64) is None


@given(st.text(), st.text(max_size=100), st.integers(4, 200))
def test_whatever_it_is_can_be_stored(text: str, name: str, most: int) -> None:
    said = text_of(Payload(text=text), most)
    assert len(said.encode()) <= most
    if said.strip():
        check_message(said, STORED_LIMITS)
    sender = sender_of(Payload(username=name), "CI", 20)
    if sender is not None:
        shown = f"CI ({sender})"
        assert len(shown) <= 20
        check_username(shown, STORED_LIMITS)
