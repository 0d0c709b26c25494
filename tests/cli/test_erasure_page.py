"""The commands of docs/erasure.md, run from its top to its end, do what the page says."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from tests.cli.command import chatlog, imported

PAGE = Path(__file__).parents[2] / "docs" / "erasure.md"
HISTORY = "[09:14] <ada> my number is 555\n[09:15] <bob> thanks, ada!\n"


def commands() -> list[tuple[list[str], str | None]]:
    """Return the arguments of each command, and the file that its output goes to."""
    lines = re.findall(r"^    chatlog (.+)$", PAGE.read_text(), re.MULTILINE)
    split = [line.partition(" > ") for line in lines]
    return [(shlex.split(command), file or None) for command, _, file in split]


def test_the_page_on_erasing_a_person_can_be_followed(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CHATLOG_DATABASE", database_url)
    # join ada, the number, join bob, thanks; bob's chat is seq 4, and the page redacts 3.
    (tmp_path / "2006-12-10.txt").write_text(HISTORY)
    imported(database_url, tmp_path / "2006-12-10.txt", "general")
    said = {}
    for arguments, file in commands():
        if arguments[0] == "redact":
            mention = json.loads(chatlog(*SEARCH, "--json").stdout)
            assert mention["username"] == "bob"
            arguments[2] = str(mention["seq"])
        result = chatlog(*arguments)
        said[" ".join(arguments[:2])] = result.stdout
        if file is not None:
            (tmp_path / file).write_text(result.stdout)
    lines = [json.loads(line) for line in (tmp_path / "ada.jsonl").read_text().splitlines()]
    assert lines[0] == {"type": "person", "usernames": ["ada"], "subjects": [], "events": 3}
    assert [line.get("message") for line in lines[1:]][1] == "my number is 555"
    assert "ada: my number is 555" in (tmp_path / "ada.txt").read_text()
    assert "The certificate holds: 3 events in 1 room erased." in said["verify --certificate"]
    assert "request 17" in said["sql what-was-erased"]
    exported = chatlog("export", "general").stdout
    left = exported + (tmp_path / "request-17.json").read_text()
    assert [
        told for told in ('"ada"', "ada joined", "thanks, ada", "my number") if told in left
    ] == []


SEARCH = ("sql", "messages-with-words", "--param", "room=general", "--param", "words=ada")
