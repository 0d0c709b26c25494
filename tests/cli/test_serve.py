"""``chatlog serve``: a flag for each setting, and no open door without being asked."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest
from click.testing import CliRunner

from chatlog.cli.operating import serve as module
from chatlog.cli.operating.serve import serve
from chatlog.settings import Settings


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """The settings that a run would have begun with."""
    found: list[Settings] = []

    async def run(settings: Settings, *, announce: Any) -> None:
        found.append(settings)

    monkeypatch.setattr(module, "run", run)
    monkeypatch.setattr(module, "default_name", str)  # otherwise each run has a name of its own
    return found


def invoke(*flags: str) -> Any:
    return CliRunner(catch_exceptions=False).invoke(serve, flags)


def test_every_setting_has_a_flag_and_its_help() -> None:
    shown = " ".join(invoke("--help").output.split())
    for field in fields(Settings):
        assert f"--{field.name.replace('_', '-')}" in shown
        assert " ".join(field.metadata["help"].split()[:2]) in shown


def test_a_flag_sets_its_setting(served: list[Settings]) -> None:
    flags = ["--port", "0", "--max-batch", "7", "--slow-seconds", "1.5", "--allow-host", "a"]
    done = invoke(*flags, "--allow-host", "b", "--database", "sqlite:///x.db", "--migrate")
    assert done.exit_code == 0, done.output
    (settings,) = served
    assert (settings.port, settings.max_batch, settings.slow_seconds) == (0, 7, 1.5)
    assert (settings.allow_host, settings.database) == (("a", "b"), "sqlite:///x.db")
    assert settings.migrate
    assert not settings.allow_public


def test_the_pause_between_commits_may_be_given_without_its_unit(served: list[Settings]) -> None:
    assert invoke("--max-commit-delay", "5").exit_code == 0
    assert served[0].max_commit_delay_ms == 5.0


def test_without_flags_the_settings_are_the_defaults(served: list[Settings]) -> None:
    assert invoke().exit_code == 0
    assert served == [Settings()]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5"])
def test_beyond_loopback_it_serves_only_when_told_to(host: str, served: list[Settings]) -> None:
    done = invoke("--host", host)
    assert done.exit_code == 2
    assert "--allow-public" in done.output
    assert served == []
    assert invoke("--host", host, "--allow-public").exit_code == 0
    assert [settings.host for settings in served] == [host]


@pytest.mark.parametrize("flags", [["--max-in-flight", "0"], ["--port", "x"], ["--nonsense"]])
def test_nonsense_is_bad_usage(flags: list[str], served: list[Settings]) -> None:
    assert invoke(*flags).exit_code == 2
    assert served == []
