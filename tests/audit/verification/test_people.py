"""Verify finds every change of who did what, to whom, and of what rooms and reasons said."""

from __future__ import annotations

import asyncio

import pytest

from tests.cli.command import chatlog
from tests.support.damage import change, verdict
from tests.support.people_log import people_on


@pytest.fixture
def people(database_url: str) -> str:
    """A log of people who have proved who they are."""
    asyncio.run(people_on(database_url))
    return database_url


GENERAL = "room_id = (SELECT id FROM rooms WHERE room = 'general') AND seq"
BOBS = "(SELECT id FROM subjects WHERE subject = 'u-2')"
KIMS = "(SELECT id FROM subjects WHERE subject = 'u-3')"
ROBS = "user_id = (SELECT id FROM users WHERE username = 'rob')"
BOBS_KEY = "(SELECT name_key FROM users WHERE username = 'bob')"


def detail(old: str, new: str, seq: int) -> str:
    return f"UPDATE events SET details = replace(details, '{old}', '{new}') WHERE {GENERAL} = {seq}"


CHANGES = {
    "a subject": "UPDATE subjects SET subject = 'u-9' WHERE subject = 'u-2'",
    "a subject dropped": "UPDATE subjects SET subject = NULL WHERE subject = 'u-2'",
    "a subject dropped without a word":
        "UPDATE subjects SET subject = NULL, salt = NULL, subject_key = NULL WHERE subject = 'u-2'",
    "the subject of one who never came": "UPDATE subjects SET subject = 'u-9' WHERE subject='u-5'",
    "a subject's salt": "UPDATE subjects SET salt = commitment WHERE subject = 'u-2'",
    "a subject's commitment": "UPDATE subjects SET commitment = salt WHERE subject = 'u-2'",
    "a subject's id": "UPDATE subjects SET uuid = 'f' || substr(uuid, 3) || 'g' WHERE id = 1",
    "a subject's key": "UPDATE subjects SET subject_key = salt WHERE subject = 'u-5'",
    "a subject's present name":
        "UPDATE subjects SET user_id = (SELECT id FROM users WHERE username = 'ada') "
        "WHERE subject = 'u-2'",
    "a subject's old name forgotten": "UPDATE subjects SET is_renamed = false",
    "a subject renamed": "UPDATE subjects SET is_renamed = true WHERE subject = 'u-1'",
    "a subject removed": "DELETE FROM subjects WHERE subject = 'u-2'",
    "two subjects swapped":
        f"UPDATE users SET subject_id = CASE subject_id WHEN {BOBS} THEN {KIMS} "
        f"ELSE {BOBS} END WHERE subject_id IN ({BOBS}, {KIMS})",
    "a user given to another": f"UPDATE users SET subject_id = {KIMS} WHERE username = 'bob'",
    "a user of nobody": "UPDATE users SET subject_id = NULL WHERE username = 'bob'",
    "a user of one who is not there": "UPDATE users SET subject_id = 99 WHERE username = 'bob'",
    "a name": "UPDATE users SET username = 'bobby' WHERE username = 'bob'",
    "a name of one who never came": "UPDATE users SET username = 'eve' WHERE username = 'u-5'",
    "a salt of a name of one who never came":
        "UPDATE users SET salt = commitment WHERE username = 'u-5'",
    "a name's key of one who has none":
        "UPDATE users SET name_key = salt WHERE username = 'u-5'",
    "a look": f"UPDATE skeleton_keys SET skeleton_key = {BOBS_KEY} WHERE {ROBS}",
    "no look": f"DELETE FROM skeleton_keys WHERE {ROBS}",
    "another's look": f"UPDATE skeleton_keys SET user_id = 99 WHERE {ROBS}",
    "a look of one who has none":
        "INSERT INTO skeleton_keys SELECT id, 1, salt FROM users WHERE username = 'u-5'",
    "a set of keys said to go less far": "UPDATE skeleton_versions SET keyed_until = 1",
    "whom a role is of":
        f"UPDATE events SET \"of\" = (SELECT uuid FROM users WHERE username = 'kim') "
        f"WHERE {GENERAL} = 6",
    "a role of nobody": f"UPDATE events SET \"of\" = 'nobody' WHERE {GENERAL} = 6",
    "who removed somebody":
        f"UPDATE events SET \"of\" = (SELECT uuid FROM users WHERE username = 'ada') "
        f"WHERE {GENERAL} = 11",
    "removed by nobody": f"UPDATE events SET \"of\" = 'nobody' WHERE {GENERAL} = 11",
    "who removed somebody, forgotten":
        f"UPDATE events SET \"of\" = NULL, details = NULL WHERE {GENERAL} = 11",
    "a role": detail("moderator", "owner", 6),
    "a role that is none": detail("moderator", "king", 6),
    "an end of a role": detail("9000", "9001", 7),
    "an end of a role that is no time": detail("9000-01-01", "tomorrow", 7),
    "access": detail('"open"', '"private"', 8),
    "access that is none": detail('"open"', '"shut"', 8),
    "a lock": detail("true", "false", 9),
    "a lock that is a word": detail("true", '"yes"', 9),
    "a person in details": detail('"name"', '"nome"', 6),
    "details of nothing": f"UPDATE events SET details = NULL WHERE {GENERAL} = 6",
    "details that are a list": f"UPDATE events SET details = '[]' WHERE {GENERAL} = 8",
    "details that are no JSON": f"UPDATE events SET details = '{{' WHERE {GENERAL} = 9",
    "details that are a number": f"UPDATE events SET details = '1' WHERE {GENERAL} = 3",
    "where a room begins":
        "UPDATE events SET details = replace(details, '\"begins\"', '\"begun\"') "
        "WHERE type = 'join' AND details LIKE '%begins%'",
    "a topic": f"UPDATE events SET text = 'another' WHERE {GENERAL} = 8",
    "a topic dropped without a word":
        f"UPDATE events SET text = NULL, text_salt = NULL WHERE {GENERAL} = 8",
    "the topic that is referred to": f"UPDATE events SET \"of\" = '9' WHERE {GENERAL} = 9",
    "a topic that is a chat": f"UPDATE events SET \"of\" = '5' WHERE {GENERAL} = 9",
    "a topic of its own beside another's": f"UPDATE events SET text = 'x' WHERE {GENERAL} = 9",
    "a reason": f"UPDATE events SET text = 'another' WHERE {GENERAL} = 11",
    "a reason of a role dropped without a word":
        f"UPDATE events SET text = NULL, text_salt = NULL WHERE {GENERAL} = 6",
    "a reason of a role that had none": f"UPDATE events SET text = 'x' WHERE {GENERAL} = 16",
    "who erased": "UPDATE events SET details = NULL WHERE type = 'erasure'",
}  # fmt: skip


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_of_people_is_found(what: str, people: str) -> None:
    assert change(people, CHANGES[what]) >= 1
    verdict(people)


BACKUP = (
    "CREATE TABLE kept_texts AS SELECT position, text, text_salt FROM events",
    "CREATE TABLE kept_names AS SELECT * FROM users",
    "CREATE TABLE kept_keys AS SELECT * FROM skeleton_keys",
    "CREATE TABLE kept_subjects AS SELECT * FROM subjects",
)
NAMES = (
    "UPDATE users SET (username, salt, name_key) = (SELECT k.username, k.salt, "
    "k.name_key FROM kept_names k WHERE k.id = users.id) WHERE username IS NULL"
)
KEYS = (
    "INSERT INTO skeleton_keys SELECT * FROM kept_keys "
    "WHERE user_id NOT IN (SELECT user_id FROM skeleton_keys)"
)
SUBJECTS = (
    "UPDATE subjects SET (subject, salt, subject_key) = (SELECT k.subject, k.salt, k.subject_key "
    "FROM kept_subjects k WHERE k.id = subjects.id) WHERE subject IS NULL"
)


def texts(seq: int) -> str:
    return (
        "UPDATE events SET (text, text_salt) = (SELECT k.text, k.text_salt FROM kept_texts k "
        f"WHERE k.position = events.position) WHERE {GENERAL} = {seq}"
    )


PERSON = ("erase-user", "--sub", "u-2")
PUT_BACK = {
    "a topic": (("redact", "general", 8), [texts(8)], 8),
    "a reason of a role": (("redact", "general", 6), [texts(6)], 6),
    "a reason of a leave": (("redact", "general", 11), [texts(11)], 11),
    "a person": (PERSON, [NAMES, KEYS, SUBJECTS], 3),
    "a person's names": (PERSON, [NAMES, KEYS], 3),
    "a person's subject": (PERSON, [SUBJECTS], 3),
    "a person's topic": (PERSON, [texts(8)], 8),
    "a person's reason": (PERSON, [texts(11)], 11),
    "a reason about a person": (PERSON, [texts(6)], 6),
    "one who never came": (("erase-user", "--sub", "u-5"), [NAMES, KEYS, SUBJECTS], 7),
}


@pytest.mark.parametrize("what", PUT_BACK)
def test_what_was_erased_of_people_and_put_back_is_found(what: str, people: str) -> None:
    erased, statements, seq = PUT_BACK[what]
    change(people, *BACKUP)
    chatlog(*erased, "--reason", "asked for", "--database", people)
    verdict(people, ok=True)
    assert change(people, *statements) >= 1
    room = next(r for r in verdict(people)["rooms"] if r["room"] == "general")
    assert room["wrong"] == seq
    assert "was erased and has been put back" in room["why"]


@pytest.mark.parametrize("seq", [6, 8, 11])
def test_a_redacted_topic_or_reason_is_no_erased_name(seq: int, people: str) -> None:
    chatlog("redact", "general", seq, "--reason", "asked for", "--database", people)
    verdict(people, ok=True)
    again = chatlog("redact", "general", seq, "--reason", "?", "--database", people, status=2)
    assert "already erased" in again.stderr


@pytest.mark.parametrize("seq", [1, 2, 7, 9, 16])
def test_an_event_without_a_text_is_not_redacted(seq: int, people: str) -> None:
    said = chatlog("redact", "general", seq, "--reason", "?", "--database", people, status=2)
    assert str(seq) in said.stderr
