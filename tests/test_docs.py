"""What is documented is true: commands and flags exist, samples decode, settings are listed.

What is rendered from the code is what the code says now.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import fields
from pathlib import Path
from typing import get_args

import click
import msgspec
import pytest

from chatlog.cli import main
from chatlog.kinds import KINDS
from chatlog.kinds.event import Facts
from chatlog.kinds.registry import FRAMES
from chatlog.settings import Settings
from chatlog.wire import answers
from chatlog.wire.commands import ClientCommand, decode
from chatlog.wire.presence import PresenceFrame
from docs import render, tables
from tests.support.events import LIMITS

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
COMMAND = re.compile(r"^(?:    |\$ )(?:\.venv/bin/)?chatlog (?P<rest>[a-z].*)$", re.MULTILINE)
IN_TABLE = re.compile(r"^\| [^|`]*\| `chatlog (?P<rest>[a-z][^`]*)`", re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:)(?P<path>[^)#]+)?(?:#(?P<anchor>[^)]+))?\)")
STRUCTS: dict[str, type[msgspec.Struct]] = {
    **{str(frame.__struct_config__.tag): frame for frame in FRAMES},
    "presence": PresenceFrame,
    "users": answers.UsersFrame,
    "caught_up": answers.CaughtUp,
    "ack": answers.Ack,
    "history": answers.HistoryFrame,
    "error": answers.Error,
    "pong": answers.Pong,
}


def commands_in(page: Path) -> list[str]:
    text = page.read_text()
    found = (*COMMAND.finditer(text), *IN_TABLE.finditer(text))
    return [one["rest"].split("#")[0].strip() for one in found]


def samples(heading: str) -> list[str]:
    text = (ROOT / "docs/protocol.md").read_text()
    section = text.split(f"## {heading}\n")[1].split("\n## ")[0]
    return re.search(r"```json\n(.*?)```", section, re.DOTALL)[1].splitlines()  # type: ignore[index]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_in_the_docs_exists_with_its_flags(page: Path) -> None:
    for line in commands_in(page):
        name, *arguments = shlex.split(line, posix=True)
        command = main.get_command(click.Context(main), name)
        if isinstance(command, click.Group):
            command = command.commands.get(arguments[0])
        assert command is not None, f"{page.name}: chatlog {line}"
        known = {flag for parameter in command.params for flag in parameter.opts}
        used = {word.split("=")[0] for word in arguments if word.startswith("--")}
        assert used - {"--help"} <= known, f"{page.name}: chatlog {line}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_in_the_docs_leads_somewhere(page: Path) -> None:
    for found in LINK.finditer(page.read_text()):
        target = page.parent / found["path"] if found["path"] else page
        assert target.exists(), f"{page.name}: {found[0]}"
        if found["anchor"] and target.suffix == ".md":
            headings = re.findall(r"^#+ (.+)$", target.read_text(), re.MULTILINE)
            anchors = {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in headings}
            assert found["anchor"] in anchors, f"{page.name}: {found[0]}"


@pytest.mark.parametrize("path", render.rendered(), ids=lambda path: path.name)
def test_what_is_rendered_from_the_code_is_current(path: Path) -> None:
    assert path.read_text("utf-8") == render.rendered()[path], "run `python -m docs.render`"


def test_the_header_in_the_log_format_has_every_fact_in_the_order_of_the_hash() -> None:
    rows = re.findall(r"^\| \d+ \| (\w+) \|", tables.header(KINDS), re.MULTILINE)
    assert [name for name in rows if name in Facts._fields] == list(Facts._fields)


def test_every_command_has_a_row_in_the_protocol() -> None:
    listed = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs/protocol.md").read_text(), re.MULTILINE)
    assert {str(one.__struct_config__.tag) for one in get_args(ClientCommand)} <= set(listed)


def test_the_sample_commands_are_commands() -> None:
    for line in samples("A first conversation"):
        decode(line.encode(), LIMITS)


@pytest.mark.parametrize("heading", ["Events", "Answers", "Presence digests"])
def test_the_sample_frames_have_the_keys_of_real_ones_in_their_order(heading: str) -> None:
    for line in samples(heading):
        frame = msgspec.json.decode(line, type=dict[str, object])
        struct = STRUCTS[str(frame["type"])]
        known = ["type", *(field.encode_name for field in msgspec.structs.fields(struct))]
        assert [key for key in known if key in frame] == list(frame), line


def test_every_setting_is_listed_with_its_default() -> None:
    table = (ROOT / "docs/operations.md").read_text()
    for setting in fields(Settings):
        flag = setting.name.replace("_", "-")
        row = re.search(rf"^\| `--{flag}` \| (.+?) \| (.+?) \|$", table, re.MULTILINE)
        assert row is not None, flag
        default = setting.default
        listed = ", ".join(map(str, default)) if isinstance(default, tuple) else str(default)
        assert row[1] == (listed or "none").replace("False", "off"), flag
        assert row[2] == setting.metadata["help"], flag
