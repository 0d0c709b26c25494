"""The description of the socket is AsyncAPI 3, as its own parser says, and names every frame."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from chatlog.web.api.described.asyncapi import describe_socket
from chatlog.web.api.described.schemas import SENT, TAKEN
from tests.support.npm import installed, node
from tests.web.api.conftest import Server

HERE = Path(__file__).parent


def findings(document: Any) -> list[str]:
    """Return what the parser has to say, information about newer versions excepted."""
    told = node("validate.mjs", cwd=installed(HERE), input=json.dumps(document))
    assert told.returncode == 0, told.stderr
    return [line for line in told.stdout.splitlines() if "latest-version" not in line]


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_its_parser_finds_nothing(server: Server) -> None:
    described = await server.ok("asyncapi.json")
    assert await asyncio.to_thread(findings, described) == []
    described["channels"]["socket"]["messages"]["chat"] = {"$ref": "#/components/messages/none"}
    assert await asyncio.to_thread(findings, described)


def test_every_frame_and_command_is_in_it() -> None:
    described = describe_socket("chat.example", "/x", is_secure=True)
    here = {"host": "chat.example", "protocol": "wss", "pathname": "/x"}
    assert described["servers"]["here"] == here
    sent = [one["$ref"].rpartition("/")[2] for one in described["operations"]["send"]["messages"]]
    taken = [one["$ref"].rpartition("/")[2] for one in described["operations"]["take"]["messages"]]
    assert (sent, taken) == (list(SENT), list(TAKEN))
    assert set(described["channels"]["socket"]["messages"]) == {*sent, *taken}


def test_every_example_is_valid() -> None:
    described = describe_socket("chat.example", "", is_secure=False)
    for name, message in described["components"]["messages"].items():
        schema = {**message["payload"], "components": described["components"]}
        validator = Draft202012Validator(schema)
        assert message["examples"], name
        for example in message["examples"]:
            validator.validate(example["payload"])
