"""Every setting has a default, a help and sense."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields
from typing import Any

import pytest

from chatlog.settings import Settings

LIMITS = [field.name for field in fields(Settings) if field.name.startswith("max_")]


def test_every_setting_has_a_help_and_a_default() -> None:
    for field in fields(Settings):
        assert field.metadata["help"], field.name
        assert not field.metadata["help"].endswith("."), field.name
    assert Settings() == Settings()


def test_the_defaults_are_the_contract_s() -> None:
    settings = Settings()
    assert settings.max_message_bytes == 8_192
    assert settings.max_frame_bytes == 64 * 1024
    assert settings.max_room_chars == settings.max_username_chars == 64
    assert settings.max_rooms_per_connection == 100
    assert settings.max_bad_commands_per_minute == 100
    assert settings.max_buffer_bytes == 64 * 1024
    assert settings.max_commit_delay_ms == 20
    assert settings.max_chats_per_second == 0
    assert (settings.host, settings.port) == ("127.0.0.1", 8080)
    assert not settings.allow_public
    assert settings.lease_seconds / 3 <= 5


@pytest.mark.parametrize("name", [*LIMITS, "readers", "slow_seconds", "lease_seconds"])
def test_a_limit_below_zero_is_refused_by_name(name: str) -> None:
    wrong: dict[str, Any] = {name: -1}
    with pytest.raises(ValueError, match=name):
        Settings(**wrong)


@pytest.mark.parametrize(
    "name",
    [
        "max_in_flight",
        "max_batch",
        "max_large_pages",
        "max_http_answers",
        "max_long_reads",
        "readers",
        "poll_seconds",
        "lease_seconds",
    ],
)
def test_a_zero_that_would_stop_the_server_from_working_is_refused(name: str) -> None:
    wrong: dict[str, Any] = {name: 0}
    with pytest.raises(ValueError, match=name):
        Settings(**wrong)


def test_zero_is_any_port_no_pause_and_no_rate_limit() -> None:
    settings = Settings(port=0, max_commit_delay_ms=0, max_chats_per_second=0)
    assert settings.port == 0


def test_not_a_number_is_refused() -> None:
    with pytest.raises(ValueError, match="slow_seconds"):
        Settings(slow_seconds=float("nan"))


@pytest.mark.parametrize("name", ["slow_seconds", "heartbeat_seconds", "max_commit_delay_ms"])
@pytest.mark.parametrize("value", [float("inf"), 1e300, 2_000_001.0])
def test_a_time_that_the_kernel_cannot_count_is_refused_by_name(name: str, value: float) -> None:
    wrong: dict[str, Any] = {name: value}
    with pytest.raises(ValueError, match=f"{name} must be at most"):
        Settings(**wrong)


@pytest.mark.parametrize("name", [*LIMITS, "send_buffer_bytes", "readers"])
def test_a_number_that_the_kernel_cannot_take_is_refused_by_name(name: str) -> None:
    wrong: dict[str, Any] = {name: 10**10}
    with pytest.raises(ValueError, match=f"{name} must be at most"):
        Settings(**wrong)


def test_settings_are_never_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        Settings().port = 1  # type: ignore[misc]
