"""The checker is checked: each planted bug is caught by the rule that is for it."""

from typing import Any

import pytest

from tests.support.checker import judge
from tests.support.fake_chat import FakeChat, FakeClient
from tests.support.record import Record


def play(bug: str = "") -> Record:
    """A small run with two tabs, retries, a refusal, a crash, a resume and departures."""
    chat = FakeChat(Record(), bug)
    ada, tab, bob = chat.connect("ada"), chat.connect("ada"), chat.connect("bob")
    for client in (ada, tab, bob):
        client.join()
    ada.chat("a-1", "hello")
    ada.chat("a-1", "hello")
    bob.chat("b-1", "lose me" if bug == "gap" else "hello")
    ada.refused_chat("a-2", "not now")
    tab.leave()
    ada.chat("a-3", "after the tab has left")
    bob.page(after=0, types=["chat"])
    bob.page(after=1)
    chat.crash(lose=1 if bug == "seen_and_lost" else 0)
    return resume(chat, seen=6)


def resume(chat: FakeChat, seen: int) -> Record:
    ada, bob, eve = chat.connect("ada"), chat.connect("bob"), chat.connect("eve")
    ada.join(after=seen)
    bob.join(backlog=2)
    eve.join(backlog=0)
    ada.chat("a-4", "late")
    if chat.bug == "ghost_chat":
        chat.append({"type": "chat", "username": "mallory", "message": "boo"})
    if chat.bug == "unnumbered_log":
        chat.log[-1].data["never"] = True
    bob.close()
    ada.chat("a-5", "lose this" if chat.bug == "late_gap" else "last")
    return chat.finish()


CAUGHT_BY = {
    "acknowledged_and_lost": "acknowledged",
    "seen_and_lost": "one event",
    "no_dedup": "once",
    "repeat_without_mark": "once",
    "own_bytes": "one event",
    "gap": "contiguous",
    "late_gap": "missing",
    "repeat": "contiguous",
    "reorder": "contiguous",
    "refused_and_kept": "refused",
    "wrong_sessions": "presence",
    "wrong_frame": "presence",
    "missing_leave": "departed",
    "double_leave": "presence",
    "subscribed_late": "contiguous",
    "joiner_not_listed": "users",
    "time_goes_back": "times",
    "hash_reused": "hash",
    "ack_of_another": "acknowledged",
    "frames_after_leave": "stray",
    "live_before_caught_up": "joining",
    "no_users": "joining",
    "no_answer": "answers",
    "strange_answer": "answers",
    "short_backlog": "backlog",
    "resume_off_by_one": "contiguous",
    "ghost_chat": "presence",
    "unnumbered_log": "lost",
    "short_page": "pages",
    "unfiltered_page": "pages",
    "wrong_more": "pages",
    "shared_session": "session",
    "extra_key": "shape",
    "text_changed": "acknowledged",
    "last_seen_after_lapse": "presence",
}


def test_a_run_as_it_should_be_breaks_no_promise() -> None:
    assert judge(play(), settled=True) == []


@pytest.mark.parametrize("bug", sorted(CAUGHT_BY))
def test_a_planted_bug_is_caught_by_the_rule_that_is_for_it(bug: str) -> None:
    violations = judge(play(bug), settled=True)
    assert CAUGHT_BY[bug] in {violation.rule for violation in violations}


def one_member() -> tuple[FakeChat, FakeClient]:
    chat = FakeChat(Record())
    ada = chat.connect("ada")
    ada.join()
    return chat, ada


def test_a_refused_chat_may_be_sent_again_and_taken() -> None:
    chat, ada = one_member()
    ada.refused_chat("a-1", "hello")
    ada.chat("a-1", "hello")
    assert judge(chat.finish(), settled=True) == []


@pytest.mark.parametrize("stored", [True, False])
def test_a_chat_whose_outcome_is_unknown_may_be_in_the_log_or_not(stored: bool) -> None:
    chat, ada = one_member()
    ada.send(type="chat", room="general", id="a-1", message="hello")
    ada.get(type="error", code="outcome_unknown", message="Send it again.", id="a-1")
    if stored:
        chat.append({"type": "chat", "username": "ada", "id": "a-1", "message": "hello"})
    ada.chat("a-1", "hello")
    assert judge(chat.finish(), settled=True) == []


def test_erased_content_is_the_one_thing_that_may_change() -> None:
    chat, ada = one_member()
    ada.chat("a-1", "my address")
    said = chat.log[1].data
    erased = {**said, "message": "", "erased": True}
    ada.send(type="history", room="general", after=1, id="h")
    page = {"room": "general", "first": 2, "last": 2, "more_before": True, "more_after": False}
    ada.get(type="history", events=[erased], **page, id="h")
    chat.finish()
    assert judge(chat.record) == []

    erased["hash"] = "0123456789abcdef"
    ada.send(type="history", room="general", after=1, id="i")
    ada.get(type="history", events=[erased], **page, id="i")
    assert {violation.rule for violation in judge(chat.record)} == {"one event"}


def storm(asked: str = "digest", **wrong: object) -> Record:
    """Two come and one goes; ada gets a digest, in which something may be ``wrong``."""
    chat = FakeChat(Record())
    eve, ada = chat.connect("eve"), chat.connect("ada")
    eve.join()
    ada.join(presence=asked)
    ada.inside = False
    chat.connect("bob").join()
    chat.connect("zoe").join()
    eve.close()
    place = {key: chat.log[-1].data[key] for key in ("room", "seq", "hash")}
    change = {"from": 3, "joined": ["bob", "zoe"], "left": ["eve"], "count": 3}
    ada.get(type="presence", **{**place, **change, **wrong})
    ada.inside = True
    ada.chat("a-1", "hello")
    return chat.finish()


def test_a_digest_stands_for_a_run_of_joins_and_leaves() -> None:
    assert judge(storm(), settled=True) == []


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        ({"from": 4}, "contiguous"),
        ({"from": 2}, "contiguous"),
        ({"seq": 4}, "contiguous"),
        ({"joined": ["bob"]}, "digest"),
        ({"left": []}, "digest"),
        ({"count": 4}, "digest"),
        ({"hash": "0123456789abcdef"}, "hash"),
        ({"joined": ["zoe", "bob"]}, "shape"),
        ({"from": 5}, "shape"),
        ({"asked": "full"}, "digest"),
    ],
    ids=str,
)
def test_a_digest_that_is_wrong_is_caught(wrong: dict[str, Any], rule: str) -> None:
    assert rule in {violation.rule for violation in judge(storm(**wrong), settled=True)}


def test_a_connection_that_was_cut_is_owed_no_answer() -> None:
    chat, ada = one_member()
    ada.send(type="chat", room="general", id="a-1", message="hello")
    chat.crash()
    assert judge(chat.finish(), settled=True) == []
