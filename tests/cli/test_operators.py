"""What an operator gives on the command line passes the checks of what clients say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chatlog.domain.errors import Refused
from chatlog.eventlog.steps.retention import MAX_DAYS
from tests.cli.command import chatlog, imported, lines, refused
from tests.support.nodes import node_on

LOG = "[09:14] <ada> one\n[09:15] <bob> two\n[09:16] <ada> three\n"
REDACT = ("redact", "#small", "2")
ERASE = ("erase-user", "ada")
BAD_REASONS = {
    "empty": "",
    "blank": " \n\t",
    "escape sequence": "a \x1b[31mleak",
    "C1 control": "a\x9bleak",
    "lone surrogate": "a\udc80leak",
    "1,025 bytes": "é" * 512 + "x",
}
BAD_NAMES = {
    "empty": "",
    "blank": " ",
    "escape sequence": "\x1b[31mroot",
    "right-to-left override": "ro\u202eot",
    "invisible": "root\u034f",
    "lone surrogate": "ro\udc80ot",
    "65 characters": "r" * 65,
    "the program's own": "(retention)",
}


@pytest.fixture
def log(sqlite_url: str, tmp_path: Path) -> str:
    """join ada, one, join bob, two, three, leave ada, leave bob."""
    path = tmp_path / "2006-12-10.small.txt"
    path.write_text(LOG)
    imported(sqlite_url, path, "#small")
    return sqlite_url


def is_untouched(log: str) -> bool:
    events = lines("history", "#small", "--database", log)
    return len(events) == 7 and not any("erased" in event for event in events)


@pytest.mark.parametrize("reason", BAD_REASONS.values(), ids=BAD_REASONS)
def test_a_reason_is_plain_text_that_says_something(log: str, reason: str) -> None:
    for command in (REDACT, ERASE):
        assert "--reason" in refused(*command, "--reason", reason, "--database", log)
    assert is_untouched(log)


@pytest.mark.parametrize("by", BAD_NAMES.values(), ids=BAD_NAMES)
def test_whoever_goes_on_record_has_a_name_in_form(log: str, by: str) -> None:
    for command in (REDACT, ERASE):
        said = refused(*command, "--reason", "a leak", "--by", by, "--database", log)
        assert "--by" in said
    rule = ("retention", "#small", "--days", 1, "--by", by)
    assert "--by" in refused(*rule, "--database", log)
    assert is_untouched(log)
    assert "for ever" in chatlog("retention", "#small", "--database", log).stdout


def test_what_names_nothing_in_the_log_is_a_sentence(log: str) -> None:
    why = ("--reason", "a leak", "--database", log)
    for name in ("", "\x1b[31m", "a\udc80", "a" * 2_000):
        refused("redact", name, 2, *why)
        refused("erase-user", name, *why)
        refused("retention", name, "--days", 1, "--database", log)
        refused("retention", name, "--days", 1, "--dry-run", "--database", log)
        refused("retention", name, "--database", log)
    assert "no room" in refused("retention", "nowhere", "--days", 1, "--database", log)
    refused("redact", "#small", 10**30, *why)
    for days in (0, -1, MAX_DAYS + 1, 400_000, 10**30):
        refused("retention", "#small", "--days", days, "--database", log)
        refused("retention", "#small", "--days", days, "--dry-run", "--database", log)
    assert is_untouched(log)


def test_retention_lists_the_default_and_the_rules_of_rooms(log: str) -> None:
    at = ("--database", log)
    assert "for ever" in chatlog("retention", "--all", *at).stdout
    assert "3 texts" in chatlog("retention", "--all", "--days", 9, "--dry-run", *at).stdout
    chatlog("retention", "#small", "--days", MAX_DAYS, *at)
    assert "0 texts" in chatlog("retention", "--all", "--days", 9, "--names", *at).stdout
    listed = chatlog("retention", "--list", *at).stdout
    assert [line.split() for line in listed.splitlines()[1:]] == [
        ["#small", str(MAX_DAYS)],
        ["(every", "other", "room)", "9", "erased"],
    ]
    assert "for 9 days" in chatlog("retention", "#small", "--off", *at).stdout
    assert "has no rule of its own" in chatlog("retention", "#small", *at).stdout
    assert "for ever" in chatlog("retention", "--all", "--off", *at).stdout
    for wrong in ((), ("#small", "--all"), ("--all", "--list"), ("--list", "--days", 3)):
        refused("retention", *wrong, *at)


@pytest.mark.parametrize("seq", ["0", "-1", str(2**63), "9" * 30])
def test_a_seq_that_no_event_can_have_is_refused_by_its_range(log: str, seq: str) -> None:
    said = refused(
        "redact", "#small", "--by", "root", "--reason", "x", "--database", log, "--", seq
    )
    assert "is not in the range" in said


def test_what_was_taken_is_exported_and_imported_again(log: str, tmp_path: Path) -> None:
    reason = "é" * 511 + "\n\t"
    chatlog(*REDACT, "--reason", reason, "--by", "Ada L", "--database", log)
    chatlog("retention", "#small", "--days", 30, "--database", log)
    file = tmp_path / "small.jsonl"
    file.write_text(chatlog("export", "#small", "--database", log).stdout)
    again = f"sqlite:///{tmp_path / 'again.db'}"
    chatlog("import", file, "--format", "jsonl", "--database", again)
    assert chatlog("export", "#small", "--database", again).stdout == file.read_text()
    by = {
        e["username"] for e in lines("history", "#small", "--types", "erasure", "--database", again)
    }
    assert by == {"Ada L", "(retention)"}


async def test_the_server_checks_what_it_is_asked_through_the_control_socket(
    sqlite_url: str,
) -> None:
    good: dict[str, object] = {"room": "general", "by": "eve"}
    bad: list[tuple[str, dict[str, object]]] = [
        ("redact", {**good, "seqs": [1], "reason": " "}),
        ("redact", {**good, "seqs": [1], "reason": None}),
        ("redact", {**good, "seqs": [1], "reason": "a leak", "by": "(token)"}),
        ("redact", {**good, "seqs": [1], "reason": "a leak", "room": 7}),
        *(
            ("redact", {**good, "seqs": s, "reason": "a leak"})
            for s in ([], [0], [2**63], ["1"], 1)
        ),
        ("erase-user", {"username": "a\x1b", "by": "eve", "reason": "asked for"}),
        ("erase-user", {"username": "ada", "by": "", "reason": "asked for"}),
        ("retention", {**good, "days": -1, "names": True}),
        ("retention", {**good, "days": 999_999, "names": True}),
        ("retention", {**good, "days": 7, "names": "yes"}),
        ("retention", {**good, "days": None, "names": False, "by": "(x)"}),
    ]
    async with node_on(sqlite_url) as node:
        handlers = node.operations.handlers()
        for command, arguments in bad:
            with pytest.raises(Refused) as refusal:
                await handlers[command](**arguments)
            assert refusal.value.code in {"bad_command", "room_invalid", "username_invalid"}
            assert json.dumps(refusal.value.sentence)


def test_who_set_and_ended_a_rule_is_on_record(log: str) -> None:
    room = ("retention", "#small")
    assert chatlog(*room, "--database", log).stdout == "#small keeps its texts for ever.\n"
    chatlog(*room, "--off", "--by", "nobody", "--database", log)  # nothing ends
    chatlog(*room, "--days", MAX_DAYS, "--names", "--by", "ada", "--database", log)
    said = chatlog(*room, "--database", log).stdout.splitlines()
    assert said[0] == (
        "#small keeps its texts for 36500 days, "
        "and people's names until they have been away that long."
    )
    chatlog(*room, "--off", "--by", "eve", "--database", log)
    said = chatlog(*room, "--database", log).stdout.splitlines()
    assert said[0] == "#small keeps its texts for ever."
    assert [line.split()[2:] for line in said[2:]] == [["36500", "erased", "ada"], ["off", "eve"]]
    assert is_untouched(log)
