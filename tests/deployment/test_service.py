"""The systemd unit and the settings beside it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from chatlog.settings import Settings
from chatlog.settings.sources import given_settings

from .blocks import block, moved

MOST_EXPOSURE = 20
"""Tenths: systemd calls 0 to 2.0 safe; a unit without hardening has 9.6."""


def unit(folder: Path) -> Path:
    """Write the unit with a program that exists, as systemd wants it."""
    program = folder / "chatlog"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    path = folder / "chatlog.service"
    path.write_text(moved(block("ini"), {"/opt/chatlog/bin/chatlog": str(program)}))
    return path


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "SYSTEMD_COLORS": "0", "SYSTEMD_PAGER": ""}
    return subprocess.run(
        ["systemd-analyze", *arguments],
        capture_output=True, text=True, check=False, env=environment,
    )  # fmt: skip


def test_systemd_finds_nothing_wrong_with_the_unit(
    tmp_path: Path, program: Callable[[str], str]
) -> None:
    program("systemd-analyze")
    path = unit(tmp_path)
    done = analyze("verify", "--recursive-errors=no", str(path))
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    path.write_text(path.read_text().replace("ProtectProc=invisible", "ProtectProc=nonsense"))
    assert "nonsense" in analyze("verify", "--recursive-errors=no", str(path)).stderr


def test_systemd_calls_the_unit_safe(tmp_path: Path, program: Callable[[str], str]) -> None:
    program("systemd-analyze")
    done = analyze(
        "security", "--offline=true", f"--threshold={MOST_EXPOSURE}", str(unit(tmp_path))
    )
    assert done.returncode == 0, done.stdout[-2_000:] + done.stderr


def test_the_settings_beside_the_unit_are_settings(tmp_path: Path) -> None:
    path = tmp_path / "chatlog.toml"
    path.write_text(block("toml"))
    given = given_settings({}, str(path))
    settings = Settings(**{name: one.parsed(name) for name, one in given.items()})
    assert settings.auth == "token"
    assert f"--config /etc/chatlog/{path.name}" in block("ini")
