"""Run ``chatlog`` in this process, as a person or a script would."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from chatlog.cli import main


def chatlog(*arguments: object, status: int = 0) -> Result:
    """Run a command and check its exit status."""
    result = CliRunner().invoke(main, list(map(str, arguments)), prog_name="chatlog")
    assert result.exit_code == status, (result.output, result.exception)
    return result


def lines(*arguments: object) -> list[dict[str, Any]]:
    """Run a reader with ``--json`` and return its objects."""
    return [json.loads(line) for line in chatlog(*arguments, "--json").stdout.splitlines()]


def refused(*arguments: object) -> str:
    """Run a command that ends with 2 and return its one sentence."""
    result = chatlog(*arguments, status=2)
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1, result.stderr
    return result.stderr


def imported(database: str, file: Path, room: str = "#ubuntu") -> str:
    """Import a history and return the line that the import says."""
    options = ("--room", room, "--format", "irc", "--database", database)
    return chatlog("import", file, *options).stdout
