"""The systemd units of docs/deploy, of one server and of several, and the settings beside them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from chatlog.settings import Settings
from chatlog.settings.sources import given_settings

from .blocks import DEPLOY, block, moved

MOST_EXPOSURE = 20
"""Tenths: systemd calls 0 to 2.0 safe; a unit without hardening has 9.6."""
UNITS = {"chatlog.service": "chatlog.service", "chatlog@.service": "chatlog@8081.service"}
"""Each file, and a name that systemd can load: of a template only an instance."""
PAGES = {"chatlog.service": "operations.md", "chatlog@.service": "several-nodes.md"}


def unit(folder: Path, file: str) -> Path:
    """Write the unit with a program that exists, as systemd wants it; return an instance."""
    program = folder / "chatlog"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    text = moved((DEPLOY / file).read_text(), {"/opt/chatlog/bin/chatlog": str(program)})
    (folder / file).write_text(text)
    return folder / UNITS[file]


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "SYSTEMD_COLORS": "0", "SYSTEMD_PAGER": ""}
    return subprocess.run(
        ["systemd-analyze", *arguments],
        capture_output=True, text=True, check=False, env=environment,
    )  # fmt: skip


@pytest.mark.parametrize("file", UNITS)
def test_systemd_finds_nothing_wrong_with_the_unit(
    file: str, tmp_path: Path, program: Callable[[str], str]
) -> None:
    program("systemd-analyze")
    path = unit(tmp_path, file)
    done = analyze("verify", "--recursive-errors=no", str(path))
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    written = tmp_path / file
    text = moved(written.read_text(), {"ProtectProc=invisible": "ProtectProc=nonsense"})
    written.write_text(text)
    assert "nonsense" in analyze("verify", "--recursive-errors=no", str(path)).stderr


@pytest.mark.parametrize("file", UNITS)
def test_systemd_calls_the_unit_safe(
    file: str, tmp_path: Path, program: Callable[[str], str]
) -> None:
    program("systemd-analyze")
    path = str(unit(tmp_path, file))
    done = analyze("security", "--offline=true", f"--threshold={MOST_EXPOSURE}", path)
    assert done.returncode == 0, done.stdout[-2_000:] + done.stderr


@pytest.mark.parametrize("file", UNITS)
def test_the_settings_beside_the_unit_are_settings(file: str, tmp_path: Path) -> None:
    path = tmp_path / "chatlog.toml"
    path.write_text(block("toml", page=PAGES[file]))
    given = given_settings({}, str(path))
    settings = Settings(**{name: one.parsed(name) for name, one in given.items()})
    assert settings.auth == "token"
    assert f"--config /etc/chatlog/{path.name}" in (DEPLOY / file).read_text()


def test_the_units_differ_in_what_several_servers_need_alone() -> None:
    one, several = (
        [line for line in (DEPLOY / file).read_text().splitlines() if not line.startswith("#")]
        for file in UNITS
    )
    names = {line.partition("=")[0] for line in set(one) ^ set(several)}
    assert names == {"Description", "ExecStart", "StartLimitIntervalSec"}
