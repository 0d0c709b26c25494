"""What can be tried of the image and of the compose file without an engine.

The Dockerfile's variables, its health check and the wheel that it installs; the compose file's
structure, its settings, and the files that it names.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from chatlog.cli import main
from chatlog.settings import Settings
from chatlog.settings.sources import given_settings
from tests.flows.conftest import Serve
from tests.support.command import chatlog

from .blocks import DEPLOY, ROOT, moved

DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
NODES = ("one", "two")


def instruction(name: str) -> list[str]:
    return re.findall(rf"^{name} ((?:.*\\\n)*.*)$", DOCKERFILE, re.MULTILINE)


def settings_of(environ: dict[str, str]) -> Settings:
    """Return the settings that variables make; each variable must be one."""
    given = given_settings(environ)
    assert len(given) == len(environ)
    return Settings(**{name: one.parsed(name) for name, one in given.items()})


@pytest.fixture(scope="module")
def compose() -> Any:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


def test_the_images_variables_are_settings_and_its_user_is_not_root() -> None:
    settings = settings_of(dict(line.split("=", 1) for line in instruction("ENV")))
    assert settings.database.startswith("sqlite:////data/")
    assert instruction("VOLUME") == instruction("WORKDIR") == ["/data"]
    assert instruction("EXPOSE") == [str(settings.port)]
    assert instruction("USER") != ["0"]
    assert [json.loads(line) for line in instruction("ENTRYPOINT")] == [["chatlog"]]


async def test_the_images_health_check_follows_the_server(serve: Serve, sqlite_url: str) -> None:
    server = await serve(sqlite_url)
    (line,) = instruction("HEALTHCHECK")
    _, *command = json.loads(line.partition("CMD ")[2])
    environment = {"CHATLOG_PORT": str(server.port)}
    for is_up in (True, False):
        done = subprocess.run(
            [sys.executable, *command], env=environment, capture_output=True, check=False
        )
        assert (done.returncode == 0) is is_up, done.stderr
        await server.kill()


@pytest.mark.slow
async def test_the_images_first_step_makes_a_wheel_that_can_serve(tmp_path: Path) -> None:
    """The step as it is, but for its folders, and with the build's tools of this environment."""
    build, install = instruction("RUN")
    assert "/wheels/chatlog_server-*.whl" in install
    ignored = shutil.ignore_patterns(".git", ".*_cache", ".venv*", "node_modules", "tests", "bench")
    source = shutil.copytree(ROOT, tmp_path / "src", ignore=ignored)
    places = {"/src": str(source), "/wheels": str(tmp_path / "wheels")}
    words = moved(build, places).split()
    done = subprocess.run(
        [sys.executable, "-m", *words, "--no-build-isolation"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = (tmp_path / "wheels").glob("chatlog_server-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    names = {path.name for path in (tmp_path / "installed" / "chatlog" / "static").iterdir()}
    assert "index.en.html" in names
    database = f"sqlite:///{tmp_path / 'chatlog.db'}"
    migrated = await chatlog("migrate", database=database, folder=tmp_path / "installed")
    assert (migrated.status, migrated.err) == (0, "")


def test_two_servers_one_postgresql_and_a_proxy_start_in_order(compose: Any) -> None:
    services = compose["services"]
    assert set(services) == {"postgres", "migrate", *NODES, "proxy"}
    waits = {
        name: {other: how["condition"] for other, how in one.get("depends_on", {}).items()}
        for name, one in services.items()
    }
    assert waits["migrate"] == {"postgres": "service_healthy"}
    assert waits["proxy"] == dict.fromkeys(NODES, "service_healthy")
    for node in NODES:
        assert waits[node] == {"migrate": "service_completed_successfully"}


def test_every_service_has_keys_of_the_compose_specification_alone(compose: Any) -> None:
    known = {
        *("image", "build", "command", "environment", "secrets", "depends_on", "restart"),
        *("stop_grace_period", "ulimits", "volumes", "healthcheck", "networks", "ports"),
    }
    for name, service in compose["services"].items():
        assert set(service) <= known, name
    assert {key for key in compose if not key.startswith("x-")} == {
        "name", "services", "networks", "volumes", "secrets",
    }  # fmt: skip


def test_images_have_a_tag(compose: Any) -> None:
    images = {service["image"] for service in compose["services"].values()} - {"chatlog"}
    images |= {line.split()[0] for line in instruction("FROM")}
    assert len(images) == 3
    for image in images:
        name, _, tag = image.partition(":")
        assert re.search(r"\d", tag), f"{name} has no version"


def test_what_the_services_call_and_set_exists(compose: Any) -> None:
    for name in ("migrate", *NODES):
        service = compose["services"][name]
        command, *arguments = service["command"]
        found = main.get_command(click.Context(main), command)
        assert found is not None
        known = {flag for parameter in found.params for flag in parameter.opts}
        assert {word for word in arguments if word.startswith("--")} <= known
        environ = {k: v for k, v in service["environment"].items() if k.startswith("CHATLOG_")}
        settings_of(environ)


def test_the_proxy_finds_the_servers_and_they_trust_it(compose: Any) -> None:
    services = compose["services"]
    addresses = {
        name: services[name]["networks"]["chat"]["ipv4_address"] for name in (*NODES, "proxy")
    }
    settings = settings_of(dict(line.split("=", 1) for line in instruction("ENV")))
    configuration = (DEPLOY / "haproxy.cfg").read_text()
    for node in NODES:
        assert f"server {node} {addresses[node]}:{settings.port}" in configuration
        environ = services[node]["environment"]
        assert environ["CHATLOG_TRUSTED_PROXY"] == f"{addresses['proxy']}/32"
    (port,) = services["proxy"]["ports"]
    assert f"bind :{port.rpartition(':')[2]}" in configuration


def test_the_files_that_it_names_are_there_and_its_secrets_are_not(compose: Any) -> None:
    mounts = [line for one in compose["services"].values() for line in one.get("volumes", ())]
    files = [line.split(":")[0] for line in mounts if line.startswith("./")]
    assert sorted(files) == ["./haproxy.cfg", "./roles.sql"]
    assert all((DEPLOY / file).is_file() for file in files)
    assert (DEPLOY / compose["services"]["one"]["build"]["context"]).resolve() == ROOT
    assert (ROOT / compose["services"]["one"]["build"]["dockerfile"]).is_file()
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    for secret in ("docs/deploy/secret", "docs/deploy/.env"):
        assert secret in ignored
