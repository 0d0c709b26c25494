"""JSON Schema of frames and commands: what is sent, taken and documented is valid."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from chatlog.kinds import KINDS
from chatlog.web.api.described.schemas import NAMED, SENT, TAKEN, schema_of
from chatlog.wire.commands import OPEN, PERSONS
from tests.support.events import LIMITS
from tests.web.api.conftest import Server

ROOT = Path(__file__).parents[4]
SAMPLES = re.compile(r"^(?:(?P<sign>[→←]) )?(?P<json>\{\"type\":.*\})$", re.MULTILINE)


def validator(name: str) -> Draft202012Validator:
    schema = schema_of(name)
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@pytest.mark.parametrize("name", NAMED)
def test_each_example_is_valid(name: str) -> None:
    valid = validator(name)
    for example in valid.schema["examples"]:
        valid.validate(example)
    wrongs: tuple[Any, ...] = ({}, {"type": "else"}, [])
    for wrong in wrongs:
        with pytest.raises(ValidationError):
            valid.validate(wrong)


def test_each_type_of_event_and_of_frame_has_one() -> None:
    assert {kind.type for kind in KINDS} <= set(NAMED)
    assert {"chat", "notification", "session", "ack", "error", "caught_up"} <= set(SENT)
    assert {"chat-command", "join-command", "ping-command"} <= set(TAKEN)


@pytest.mark.parametrize("name", TAKEN)
def test_the_server_takes_the_examples_of_commands(name: str) -> None:
    *earlier, last = schema_of(name)["examples"]
    for example in earlier:
        OPEN.decode(json.dumps(example).encode(), LIMITS)
    PERSONS.decode(json.dumps(last).encode(), LIMITS)


def test_a_leave_is_no_join() -> None:
    leave = schema_of("leave")["examples"][0]
    validator("leave").validate(leave)
    with pytest.raises(ValidationError):
        validator("join").validate(leave)


@pytest.mark.parametrize("page", ["README.md", "docs/protocol.md"])
def test_what_the_docs_show_is_valid(page: str) -> None:
    found = list(SAMPLES.finditer((ROOT / page).read_text()))
    assert found
    for one in found:
        frame = json.loads(one["json"])
        name, command = frame["type"], f"{frame['type']}-command"
        is_command = one["sign"] == "→" or name not in SENT
        _validate(frame, [command] if is_command else [name] if one["sign"] else [name, command])


def _validate(frame: Any, names: list[str]) -> None:
    known = [name for name in names if name in NAMED]
    assert any(validator(name).is_valid(frame) for name in known), frame


async def test_what_the_server_sends_is_valid(server: Server) -> None:
    ada = await server.person("ada")
    await ada.join("general")
    await ada.say("general", "hello")
    page = await server.ok("rooms/general/events")
    for event in page["events"]:
        kind = event.get("event", event["type"])
        schema = await server.ok(f"schemas/{kind}.json")
        Draft202012Validator(schema).validate(event)
    assert (await server.get("schemas/nothing.json"))[0] == 404
