"""What can be tried of the Dockerfile without an engine: its variables and its health check."""

from __future__ import annotations

import json
import re
import subprocess
import sys

from chatlog.settings import Settings
from chatlog.settings.sources import given_settings
from tests.flows.conftest import Serve

from .blocks import block


def instruction(name: str) -> list[str]:
    return re.findall(rf"^{name} (.*)$", block("dockerfile"), re.MULTILINE)


def test_its_variables_are_settings_and_its_user_is_not_root() -> None:
    environ = dict(line.split("=", 1) for line in instruction("ENV"))
    given = given_settings(environ)
    assert len(given) == len(environ)
    settings = Settings(**{name: one.parsed(name) for name, one in given.items()})
    assert settings.database.startswith("sqlite:////data/")
    assert instruction("VOLUME") == instruction("WORKDIR") == ["/data"]
    assert instruction("EXPOSE") == [str(settings.port)]
    assert instruction("USER") != ["0"]
    assert [json.loads(line) for line in instruction("ENTRYPOINT")] == [["chatlog"]]


async def test_its_health_check_follows_the_server(serve: Serve, sqlite_url: str) -> None:
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
