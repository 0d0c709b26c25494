"""The text of a bell says where to read, or nothing, and never what was said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatlog.bus.message import Message, Names, digest, read, written

NAMES = st.text(min_size=1, max_size=64)
MESSAGES = st.builds(
    Message,
    st.integers(1, 2**63),
    st.integers(1, 2**63),
    st.none() | st.frozensets(NAMES.map(digest), max_size=50),
)


@given(MESSAGES)
def test_a_message_is_read_as_it_was_written_and_needs_no_quoting(message: Message) -> None:
    text = written(message, max_bytes=7_900)
    assert read(text) == message
    assert text.isascii()
    assert not set("'\\") & set(text)


def test_rooms_that_do_not_fit_are_left_out() -> None:
    rooms = frozenset(digest(f"room {number}") for number in range(5_000))
    text = written(Message(1, 2, rooms), max_bytes=7_900)
    assert read(text) == Message(1, 2, None)
    some = frozenset(list(rooms)[:900])
    text = written(Message(2**62, 2**62, some), max_bytes=7_900)
    assert read(text) == Message(2**62, 2**62, some)
    assert len(text) <= 7_900


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "null", "1", "{}", '{"node":1}', "[" * 100_000),
        *('{"node":"x","end":1}', '{"node":"1","end":1}', '{"node":1,"end":1.5}'),
        *('{"node":1,"end":Infinity}', '{"node":1,"end":1e999}', '{"node":true,"end":1}'),
    ],
)
def test_what_is_no_message_is_none(text: str) -> None:
    assert read(text) is None


@given(st.lists(st.tuples(st.booleans(), st.sampled_from("abc"))))
def test_names_are_found_by_their_digests_until_they_are_discarded(
    steps: list[tuple[bool, str]],
) -> None:
    names, expected = Names(), set[str]()
    for is_added, name in steps:
        (names.add if is_added else names.discard)(name)
        (expected.add if is_added else expected.discard)(name)
        for one in "abc":
            assert (one in names) == names.have_any([digest(one)]) == (one in expected)


def test_two_names_of_one_digest_are_both_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatlog.bus.message.digest", lambda _name: "00000000")
    names = Names()
    names.add("a")
    names.add("b")
    names.discard("a")
    assert names.have_any(["00000000"])
    names.discard("b")
    assert not names.have_any(["00000000"])
