"""A terminal obeys nothing that people wrote; a pipe gets the bytes as they are."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import pty
import re
import sys
from pathlib import Path

import pytest

import chatlog.cli
from chatlog.cli import output
from chatlog.cli.logs import VisibleFormatter
from chatlog.kinds.chat import Post
from tests.support.logbook import open_log

HOSTILE = "\x07\x1b[2J\x7f\x9b31m\u061c\u200e\u200f\u202e\u2066\u2069\U000e0041\u2028"
RAW = re.compile(r"[^\n\t\r -~]")
COMMANDS = (
    ("export", "general", "--format", "csv"),
    ("export", "general"),
    ("history", "general"),
    ("history", "general", "--json"),
    ("tail", "general", "--json"),
    ("users", "general"),
    ("witnesses", "general", "2", "--json"),
    ("sql", "what-happened-anywhere", "--param", "from=2000", "--param", "to=2999", "--json"),
    ("sql", "what-happened-anywhere", "--param", "from=2000", "--param", "to=2999"),
    ("users", f"no{HOSTILE}room"),
    ("sql", f"no{HOSTILE}question"),
    ("backup", f"/nowhere/{HOSTILE[:-1]}"),
)


async def shown(*arguments: str, database: str) -> str:
    """Return what a command shows on a terminal, its errors among it."""
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "chatlog", *arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "CHATLOG_DATABASE": database, "TERM": "dumb", "COLUMNS": "400"},
    )
    os.close(theirs)
    text = await asyncio.to_thread(_read, ours, arguments[0] == "tail")
    if process.returncode is None and arguments[0] == "tail":
        process.kill()
    await process.wait()
    os.close(ours)
    return text


def _read(descriptor: int, is_endless: bool) -> str:
    text = b""
    try:
        while piece := os.read(descriptor, 65_536):
            text += piece
            if is_endless and text.count(b"\n") >= 2:
                break
    except OSError:  # the other end of a terminal is gone
        pass
    return text.decode()


async def test_no_command_brings_a_terminal_what_it_would_obey(sqlite_url: str) -> None:
    async with open_log(sqlite_url) as log:
        session = await log.join("general", "ada")
        await log.record(Post("general", session, f"hello {HOSTILE}", f"id {HOSTILE}"))
    for command in COMMANDS:
        text = await shown(*command, database=sqlite_url)
        assert text.strip(), command
        assert not RAW.search(text), (command, RAW.findall(text))
        assert not re.search("\r(?!\r?\n)", text), command


def test_json_on_a_terminal_is_still_the_same_json() -> None:
    text = json.dumps({"id": HOSTILE + "\r\n", "message": "grüße 世界"}, ensure_ascii=False)
    guarded = output.guarded(text)
    assert json.loads(guarded) == json.loads(text)
    assert "grüße 世界" in guarded


def test_the_log_of_a_server_is_shown_as_harmlessly() -> None:
    record = logging.LogRecord("x", logging.ERROR, "", 0, f"GET /\nforged {HOSTILE}", (), None)
    try:
        raise ValueError(HOSTILE)
    except ValueError:
        record.exc_info = sys.exc_info()
    first, *rest = VisibleFormatter("%(message)s").format(record).splitlines()
    assert first.startswith("GET /\\nforged \\x07\\x1b[2J")
    assert rest[0].startswith("Traceback")
    assert not RAW.search("\n".join(rest))


def test_commands_print_by_one_module() -> None:
    folder = Path(chatlog.cli.__file__ or "").parent
    other = [file for file in folder.glob("*.py") if file.name != "output.py"]
    found = [
        file.name for file in other if re.search(r"click\.echo|(?<![\w.])print\(", file.read_text())
    ]
    assert found == []


@pytest.mark.parametrize("text", ["a\nb", "\x1b[2J", "\u202e"])
def test_a_sentence_stays_on_its_line(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    output.say(text)
    assert capsys.readouterr().out == output.visible(text) + "\n"
