"""Failures of the system are said in its words, with the file they are about and no numbers."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from chatlog.databases.opening import why
from chatlog.domain.errors import said_by_system
from tests.cli.command import refused


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device."),
        (FileNotFoundError(errno.ENOENT, "No such file", "a.txt"), "a.txt: No such file."),
        (OSError(errno.EXDEV, "Cross-device link", "a", None, "b"), "a and b: Cross-device link."),
        (OSError(111, "[Errno 111] Connect call failed"), "Connect call failed."),
        (
            OSError("Multiple exceptions: [Errno 111] a, [Errno 113] b"),
            "Multiple exceptions: a, b.",
        ),
        (ConnectionResetError(), "ConnectionResetError."),
    ],
)
def test_an_error_of_the_system_is_a_sentence_without_its_number(error: OSError, said: str) -> None:
    assert said_by_system(error) == said
    assert why(error) == said


def test_a_command_says_which_file_cannot_be_used(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path}/chatlog.db"
    said = refused("import", tmp_path, "--room", "general", "--database", database)
    assert tmp_path.name in said
    assert "Errno" not in said


def test_a_server_says_which_port_cannot_be_listened_on(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path}/chatlog.db"
    said = refused("serve", "--host", "192.0.2.1", "--allow-public", "--database", database)
    assert said == (
        "chatlog: Port 8080 of 192.0.2.1 cannot be listened on: Cannot assign requested address.\n"
    )
