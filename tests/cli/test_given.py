"""Settings from the environment and from a file: every one, in order, and no word ignored."""

from __future__ import annotations

import json
import logging
from dataclasses import Field, fields
from pathlib import Path
from typing import Any, cast

import pytest
from click.testing import CliRunner, Result

from chatlog.cli import main
from chatlog.cli.operating import serve as module
from chatlog.settings import Settings
from chatlog.settings.serving import DEFAULT_DATABASE
from chatlog.settings.values import item_type
from tests.cli.command import chatlog, refused

CHOICES = {"auth": "token", "create_rooms": "admin", "redact_own": "off"}
TEXTS = {
    "accent": "#0a7d5a",
    "bus": "nats://127.0.0.1:4222",
    "database": "sqlite:///x.db",
    "host": "127.0.0.2",
    "token_keys_url": "https://id.example/keys",
}
SEVERAL = {"frame_ancestor": ("https://shop.example", "https://blog.example")}
KUBERNETES = {
    "CHATLOG_PORT": "tcp://10.0.0.1:8080",
    "CHATLOG_PORT_8080_TCP": "tcp://10.0.0.1:8080",
    "CHATLOG_PORT_8080_TCP_ADDR": "10.0.0.1",
    "CHATLOG_PORT_8080_TCP_PORT": "8080",
    "CHATLOG_PORT_8080_TCP_PROTO": "tcp",
    "CHATLOG_SERVICE_HOST": "10.0.0.1",
    "CHATLOG_SERVICE_PORT": "8080",
    "CHATLOG_SERVICE_PORT_HTTP": "8080",
}


@pytest.fixture(autouse=True)
def served(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """The settings that runs would have begun with, in an environment without settings."""
    found: list[Settings] = []

    async def run(settings: Settings, *, announce: Any) -> None:
        found.append(settings)

    monkeypatch.setattr(module, "run", run)
    monkeypatch.setattr(module, "default_name", str)
    monkeypatch.setattr(module, "_check_keys", lambda _settings: None)
    for variable in ("CHATLOG_DATABASE", "DATABASE_URL", "PORT"):
        monkeypatch.delenv(variable, raising=False)
    return found


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "chatlog.toml"


def serve(*flags: str, **environment: str) -> Result:
    return CliRunner().invoke(main, ["serve", *flags], env=environment)


def another(field: Field[Any]) -> Any:
    """Return a value that is not the default."""
    kind, default = item_type(field), cast(Any, field.default)
    if isinstance(default, tuple):
        several = SEVERAL.get(field.name, ("10.0.0.0/8", "10.1.0.0/16"))
        return several if kind is str else (*default, default[-1])
    if kind is bool:
        return not default
    if "choices" in field.metadata:
        return next(choice for choice in field.metadata["choices"] if choice != default)
    return TEXTS.get(field.name, "x") if kind is str else default + 1


def written(value: Any) -> str:
    """Return a value as the environment has it."""
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return str(value)


@pytest.mark.parametrize("field", fields(Settings), ids=lambda field: field.name)
def test_every_setting_comes_from_the_environment_and_from_a_file(
    field: Field[Any], served: list[Settings], config: Path
) -> None:
    value = another(field)
    auth = {"auth": "token"} if field.name.startswith("token_") else {}
    expected = Settings(**{**auth, field.name: value})
    config.write_text(
        "".join(f"{key} = {json.dumps(one)}\n" for key, one in {**auth, field.name: value}.items())
    )
    done = serve("--config", str(config))
    assert done.exit_code == 0, done.output
    given = {f"CHATLOG_{key.upper()}": one for key, one in auth.items()}
    done = serve(**given, **{f"CHATLOG_{field.name.upper()}": written(value)})
    assert done.exit_code == 0, done.output
    assert served == [expected, expected]


def test_a_flag_comes_first_then_our_variable_then_the_host_s_then_the_file(
    served: list[Settings], config: Path
) -> None:
    config.write_text('port = 1\ndatabase = "sqlite:///file.db"\nallow-origin = "https://f"\n')
    layers: list[tuple[list[str], dict[str, str]]] = [
        ([], {}),
        (["--config", str(config)], {}),
        ([], {"CHATLOG_CONFIG": str(config), "PORT": "2", "DATABASE_URL": "sqlite:///host.db"}),
        ([], {"CHATLOG_PORT": "3", "CHATLOG_DATABASE": "sqlite:///ours.db"}),
        (["--port", "4", "--database", "sqlite:///flag.db", "--allow-origin", "https://g"], {}),
    ]
    flags: list[str] = []
    environment: dict[str, str] = {}
    for more_flags, more_environment in layers:
        flags, environment = flags + more_flags, environment | more_environment
        done = serve(*flags, **environment)
        assert done.exit_code == 0, done.output
    databases = [f"sqlite:///{name}.db" for name in ("file", "host", "ours", "flag")]
    assert [settings.port for settings in served] == [8080, 1, 2, 3, 4]
    assert [settings.database for settings in served] == [DEFAULT_DATABASE, *databases]
    assert [settings.allow_origin for settings in served[-2:]] == [("https://f",), ("https://g",)]


@pytest.mark.parametrize(
    ("text", "expected"), [("1", True), ("Yes", True), ("on", True), ("false", False), ("", False)]
)
def test_a_boolean_of_the_environment_is_a_word(
    text: str, expected: bool, served: list[Settings]
) -> None:
    assert serve(CHATLOG_MIGRATE=text).exit_code == 0
    assert [settings.migrate for settings in served] == [expected]


def test_a_flag_turns_off_what_a_variable_turns_on(served: list[Settings]) -> None:
    assert serve("--no-migrate", CHATLOG_MIGRATE="1", CHATLOG_REDACT_OWN="false").exit_code == 0
    assert [(settings.migrate, settings.redact_own) for settings in served] == [(False, "off")]


def test_a_list_has_commas_or_blanks_in_the_environment_and_brackets_in_a_file(
    served: list[Settings], config: Path
) -> None:
    config.write_text('trusted_proxy = ["10.0.0.0/8", "::1/128"]\nhost = ["127.0.0.1", "::1"]\n')
    done = serve("--config", str(config), CHATLOG_ALLOW_ORIGIN="https://a, https://b https://c")
    assert done.exit_code == 0, done.output
    (settings,) = served
    assert settings.trusted_proxy == ("10.0.0.0/8", "::1/128")
    assert settings.host == ("127.0.0.1", "::1")
    assert settings.allow_origin == ("https://a", "https://b", "https://c")


def test_what_kubernetes_sets_for_a_service_called_chatlog_is_ignored(
    served: list[Settings], caplog: pytest.LogCaptureFixture
) -> None:
    assert serve(**KUBERNETES).exit_code == 0
    assert serve(**KUBERNETES, PORT="81").exit_code == 0
    assert [settings.port for settings in served] == [8080, 81]
    assert not [found for found in caplog.records if "CHATLOG_PORT" in found.getMessage()]


def test_no_setting_has_a_name_that_kubernetes_uses() -> None:
    assert not [f.name for f in fields(Settings) if f.name.startswith(("port_", "service_"))]


def test_an_unknown_variable_is_one_warning_that_names_the_nearest(
    served: list[Settings], caplog: pytest.LogCaptureFixture
) -> None:
    assert serve(CHATLOG_MAX_BACH="secret").exit_code == 0
    said = [found for found in caplog.records if "CHATLOG_MAX_BACH" in found.getMessage()]
    assert [found.levelno for found in said] == [logging.WARNING]
    assert "Did you mean CHATLOG_MAX_BATCH?" in said[0].getMessage()
    assert "secret" not in caplog.text
    assert served == [Settings()]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("prot = 1", "chatlog.toml: there is no setting 'prot'. Did you mean port?"),
        ("[server]\nport = 1", "chatlog.toml: there is no setting 'server'."),
        ("port = ", "chatlog.toml is not TOML: Invalid value (at end of document)."),
        ("max_batch = 1\nmax-batch = 1", "chatlog.toml: max_batch is set twice."),
        ('port = "x"', "chatlog.toml: port must be a whole number, not 'x'."),
        ("port = 1.5", "chatlog.toml: port must be a whole number, not 1.5."),
        ("port = true", "chatlog.toml: port must be a whole number, not True."),
        ("port = 70000", "chatlog.toml: port must be at most 65535, not 70000."),
        ("slow_seconds = nan", "chatlog.toml: slow_seconds must be at least 0.001, not nan."),
        ("migrate = 2", "chatlog.toml: migrate must be true or false, not 2."),
        ('auth = "none"', "chatlog.toml: auth must be one of open, token, not 'none'."),
        ("database = 5", "chatlog.toml: database must be text in quotation marks."),
        ("host = 5", "chatlog.toml: host must be a list."),
        ("host = []", "chatlog.toml: host must name at least one address to listen on."),
        ('token_keys = "k"', "chatlog.toml: token_keys has no effect without auth=token."),
    ],
)
def test_what_is_wrong_in_a_file_is_named_with_file_and_key(
    text: str, said: str, served: list[Settings], config: Path
) -> None:
    config.write_text(text)
    done = serve("--config", str(config))
    assert (done.exit_code, served) == (2, [])
    assert done.stderr == f"chatlog: {config.parent}/{said}\n"


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"CHATLOG_PORT": "x"}, "CHATLOG_PORT must be a whole number, not 'x'."),
        ({"PORT": "70000"}, "PORT must be at most 65535, not 70000."),
        ({"CHATLOG_MIGRATE": "2"}, "CHATLOG_MIGRATE must be true or false, not '2'."),
        (
            {"CHATLOG_TRUSTED_PROXY": "10.0.0.0/8,x"},
            "CHATLOG_TRUSTED_PROXY must be a network such as 10.0.0.0/8, not 'x'.",
        ),
        ({"CHATLOG_CONFIG": "/nowhere/a.toml"}, "/nowhere/a.toml cannot be read: No such file"),
    ],
)
def test_what_is_wrong_in_a_variable_is_named_with_the_variable(
    environment: dict[str, str], said: str, served: list[Settings]
) -> None:
    done = serve(**environment)
    assert (done.exit_code, served) == (2, [])
    assert done.stderr.startswith(f"chatlog: {said}")


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--port", "70000"], "chatlog: --port must be at most 65535, not 70000.\n"),
        (["--prot", "1"], "Did you mean"),
        (["--allow-orign", "x"], "'--allow-origin'"),
    ],
)
def test_what_is_wrong_in_a_flag_is_named_with_the_flag(
    flags: list[str], said: str, served: list[Settings]
) -> None:
    done = serve(*flags, CHATLOG_PORT="81")
    assert (done.exit_code, served) == (2, [])
    assert said in done.stderr


def test_every_command_with_a_database_finds_it_where_the_server_does(
    sqlite_url: str, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chatlog("migrate", "--database", sqlite_url)
    config.write_text(f'port = "not for this command"\ndatabase = "{sqlite_url}"\n')
    assert "chatlog.db" in refused("--database", "sqlite:////nowhere/chatlog.db", "rooms")
    chatlog("rooms", "--config", config)
    chatlog("--config", config, "rooms")
    monkeypatch.setenv("CHATLOG_CONFIG", str(config))
    chatlog("rooms")
    monkeypatch.setenv("DATABASE_URL", "sqlite:////nowhere/b.db")
    assert "/nowhere/b.db" in refused("rooms")
    monkeypatch.setenv("CHATLOG_DATABASE", "sqlite:////nowhere/a.db")
    assert "/nowhere/a.db" in refused("rooms")
    config.write_text('databse = "x"\n')
    assert "Did you mean database?" in refused("rooms")
