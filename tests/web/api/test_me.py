"""``GET /api/me`` tells who asks, and whether people prove that here."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import jwt
import pytest

from .conftest import Serve, Server

SECRET = "0123456789abcdef0123456789abcdef"


async def asked(server: Server, token: str | None) -> tuple[int, Any]:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    async with server.client.get("/api/me", headers=headers) as answer:
        if answer.status == 401:
            assert answer.headers["WWW-Authenticate"] == "Bearer"
        return answer.status, await answer.json()


async def test_in_open_mode_nobody_is_known(server: Server) -> None:
    assert await asked(server, None) == (200, {"auth": "open"})


async def test_in_token_mode_it_says_what_the_token_says(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SECRET)
    server = await serve(auth="token", token_secret_file=str(tmp_path / "secret"))
    assert (await asked(server, None))[0] == 401
    assert (await asked(server, "x"))[1]["error"]["code"] == "token_invalid"
    ends = int(time.time()) + 60
    claims = {"sub": "u-1", "name": "ada", "scope": "audit other", "exp": ends}
    status, me = await asked(server, jwt.encode(claims, SECRET, algorithm="HS256"))
    assert status == 200
    assert me.pop("expires_at").endswith(".000000Z")
    assert me == {"auth": "token", "subject": "u-1", "username": "ada", "scope": ["audit"]}


@pytest.mark.parametrize(
    ("settings", "scope", "may"),
    [
        ({}, "", {"may_create_rooms", "may_redact_own"}),
        ({}, "audit", set()),
        ({"create_rooms": "admin", "redact_own": "off"}, "", set()),
        ({"create_rooms": "admin", "redact_own": "off"}, "admin", {"may_create_rooms"}),
    ],
)
async def test_it_says_what_the_settings_allow(
    serve: Serve, tmp_path: Path, settings: dict[str, str], scope: str, may: set[str]
) -> None:
    (tmp_path / "secret").write_text(SECRET)
    secret = str(tmp_path / "secret")
    server = await serve(auth="token", token_secret_file=secret, **settings)
    claims = {"sub": "u-1", "name": "ada", "scope": scope, "exp": int(time.time()) + 60}
    _, me = await asked(server, jwt.encode(claims, SECRET, algorithm="HS256"))
    assert {field for field in me if field.startswith("may_")} == may
