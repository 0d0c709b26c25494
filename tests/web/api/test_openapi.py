"""The description of the API is true: a validator and schemathesis say so."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from openapi_spec_validator import validate

from chatlog.web.api.described import serve
from chatlog.web.api.described.openapi import describe
from tests.access.people import Issuer
from tests.support.server import Server as Process

from .conftest import Person, Server


async def test_the_description_is_openapi_3_1(server: Server) -> None:
    described = await server.ok("openapi.json")
    assert described["openapi"].startswith("3.1")
    validate(described)


async def test_it_is_made_once_however_often_it_is_asked_for(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = 0

    def counted(*asked: Any) -> Any:
        nonlocal made
        made += 1
        return describe(*asked)

    monkeypatch.setattr(serve, "describe", counted)
    serve._api.cache_clear()
    first, second = [await server.ok("openapi.json") for _ in range(2)]
    assert first == second
    assert made == 1


async def test_every_endpoint_is_described(server: Server) -> None:
    described = await server.ok("openapi.json")
    routes = {
        resource.canonical
        for resource in server.client.app.router.resources()
        if resource.canonical.startswith("/api/")
    }
    descriptions = {"/api/openapi.json", "/api/asyncapi.json", "/api/schemas/{type}.json"}
    assert set(described["paths"]) == routes - descriptions


async def test_what_an_event_may_leave_out_is_not_required(server: Server) -> None:
    schemas = (await server.ok("openapi.json"))["components"]["schemas"]
    assert "id" not in schemas["ChatFrame"]["required"]
    assert "message" in schemas["ChatFrame"]["required"]
    assert schemas["EventsBody"]["properties"]["events"]["items"]["discriminator"]


@pytest.fixture
async def process(database_url: str, tmp_path: Path) -> AsyncIterator[Process]:
    process = Process(database_url, tmp_path / "server.log")
    await process.start()
    yield process
    await process.kill()


async def _talk(url: str) -> None:
    async with aiohttp.ClientSession() as session, session.ws_connect(f"{url}/ws") as ws:
        ada = Person(ws, "ada")
        await ada.join("general")
        await ada.say("general", *"abcdef")


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_answers_about_a_room_are_as_described_whatever_is_asked(
    process: Process, tmp_path: Path
) -> None:
    await _talk(process.url)
    config = tmp_path / "schemathesis.toml"
    config.write_text('[parameters]\n"path.room" = "general"\n')
    status, said = await _schemathesis(process, "--config-file", str(config), "run")
    assert status == 0, f"{said}\n{process.printed()}"


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_answers_about_rooms_of_any_name_are_as_described(process: Process) -> None:
    await _talk(process.url)
    status, said = await _schemathesis(process, "run")
    assert status == 0, f"{said}\n{process.printed()}"


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_answers_to_an_admin_are_as_described(tmp_path: Path) -> None:
    issuer = Issuer.at(tmp_path)
    url = f"sqlite:///{tmp_path}/chat.db"
    process = Process(
        url, tmp_path / "server.log", (*issuer.flags, "--max-chats-per-second", "999")
    )
    await process.start()
    try:
        token = issuer.token("u-1", "boss", scope="admin")
        status, said = await _schemathesis(process, "run", "-H", f"Authorization: Bearer {token}")
    finally:
        await process.kill()
    assert status == 0, f"{said}\n{process.printed()}"


async def _schemathesis(process: Process, *options: str) -> tuple[Any, str]:
    program = Path(sys.executable).with_name("schemathesis")
    pipe = asyncio.subprocess.PIPE
    running = await asyncio.create_subprocess_exec(
        program,
        *options,
        f"{process.url}/api/openapi.json",
        "--phases=coverage,fuzzing",
        "--exclude-path-regex=/stream$",  # its answer does not end
        "--max-examples=10",
        "--checks=all",
        # What no schema says is refused too, such as two parameters that exclude each other.
        "--exclude-checks=positive_data_acceptance",
        "--continue-on-failure",
        "--no-color",
        stdout=pipe,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await running.communicate()
    return running.returncode, said.decode()
