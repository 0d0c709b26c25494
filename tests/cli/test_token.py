"""``chatlog token``: tokens that a server accepts, and revocations beside a running one."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import jwt
import pytest

from chatlog.databases.database import Database
from chatlog.domain.identity import Identity
from chatlog.domain.names import STORED_LIMITS
from chatlog.eventlog import lookup
from chatlog.eventlog.steps.revocations import revocations_since
from chatlog.tokens.claims import Rules
from chatlog.tokens.file_keys import read_secret
from chatlog.tokens.keys import Keys
from chatlog.tokens.revoked import Revoked
from chatlog.tokens.verify import Tokens
from tests.cli.command import chatlog, refused
from tests.support import command
from tests.support.server import Server

SECRET = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def secret(tmp_path: Path) -> str:
    file = tmp_path / "secret"
    file.write_text(SECRET + "\n")
    return str(file)


def create(secret: str, *arguments: str) -> str:
    """Create a token; it is all that is printed."""
    printed = chatlog("token", "create", *arguments, "--token-secret-file", secret).stdout
    assert printed.endswith("\n")
    return printed.removesuffix("\n")


def decoded(token: str, **more: Any) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, SECRET, ["HS256"], **more)
    return claims


def verify(secret: str, token: str, audience: str = "", issuer: str = "") -> Identity:
    keys = Keys(read_secret(secret))
    verifier = Tokens(keys, Rules(audience, issuer, 8_192, STORED_LIMITS))
    return asyncio.run(verifier.verify(token))


def test_a_token_says_what_was_asked_for_and_is_valid_now(secret: str) -> None:
    roles = ("--room", "general=owner", "--room", "#off topic=reader")
    words = ("--scope", "audit", "--scope", "admin")
    token = create(secret, "--sub", "u-17", "--name", "Ada", *words, *roles, "--expires", "2h")
    claims = decoded(token)
    assert (claims["sub"], claims["name"], claims["scope"]) == ("u-17", "Ada", "admin audit")
    assert claims["rooms"] == {"general": "owner", "#off topic": "reader"}
    assert abs(claims["iat"] - time.time()) < 60
    assert 7_199 <= claims["exp"] - claims["iat"] <= 7_200
    assert verify(secret, token).rooms == claims["rooms"]


def test_a_token_has_only_what_was_given_and_an_id_of_its_own(secret: str) -> None:
    one, two = (decoded(create(secret, "--sub", "u-17")) for _ in range(2))
    assert set(one) == {"sub", "exp", "iat", "jti"}
    assert one["exp"] - one["iat"] <= 8 * 3_600
    assert one["jti"] != two["jti"]


def test_a_token_may_name_audience_and_issuer(secret: str) -> None:
    token = create(secret, "--sub", "u", "--audience", "chat", "--issuer", "us")
    assert verify(secret, token, "chat", "us").subject == "u"


def test_a_link_has_the_token_in_its_fragment(secret: str) -> None:
    link = create(secret, "--sub", "u", "--link", "https://chat.example/rooms/")
    address, _, token = link.partition("#token=")
    assert address == "https://chat.example/rooms/"
    assert verify(secret, token).subject == "u"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "--sub"),
        (("--sub", ""), "`sub`"),
        (("--sub", "(retention)"), "`sub`"),
        (("--sub", "a\nb"), "`sub`"),
        (("--sub", "a\udc80"), "`sub`"),
        (("--sub", "u", "--name", " a"), "`name`"),
        (("--sub", "u", "--scope", "root"), "--scope"),
        (("--sub", "u", "--room", "general"), "ROOM=ROLE"),
        (("--sub", "u", "--room", "general=king"), "`rooms`"),
        (("--sub", "u", "--room", " =owner"), "`rooms`"),
        (("--sub", "u", "--expires", "8"), "--expires"),
        (("--sub", "u", "--expires", "0h"), "--expires"),
        (("--sub", "u", "--expires", "-1h"), "--expires"),
        (("--sub", "u", "--expires", "99999d"), "--expires"),
        (("--sub", "u", "--link", "chat.example"), "--link"),
        (("--sub", "u", "--link", "https://chat.example/#a"), "--link"),
    ],
)
def test_bad_usage_is_a_sentence(arguments: tuple[str, ...], said: str, secret: str) -> None:
    assert said in refused("token", "create", *arguments, "--token-secret-file", secret)


def test_a_secret_that_cannot_be_used_is_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    create_ = ("token", "create", "--sub", "u", "--token-secret-file", str(file))
    assert "No such file" in refused(*create_)
    file.write_text("hunter2")
    said = refused(*create_)
    assert "32 or more" in said
    assert "hunter2" not in said


@pytest.mark.parametrize(
    "arguments", [(), ("--sub", "u", "--jti", "t"), ("--sub", "(x)"), ("--jti", "")]
)
def test_a_revocation_names_a_subject_or_a_token(
    arguments: tuple[str, ...], sqlite_url: str
) -> None:
    chatlog("migrate", "--database", sqlite_url)
    refused("token", "revoke", *arguments, "--database", sqlite_url)


def test_a_revocation_makes_no_log(tmp_path: Path) -> None:
    refused("token", "revoke", "--sub", "u", "--database", f"sqlite:///{tmp_path}/none.db")
    assert list(tmp_path.iterdir()) == []


async def revoked_in(url: str) -> Revoked:
    """What a node knows that begins now."""
    database = Database(url, readers=1)
    try:
        async with database.read() as connection:
            secret = await lookup.name_secret(connection)
        revoked = Revoked(lambda number: revocations_since(database, number), secret)
        await revoked.refresh()
    finally:
        await database.dispose()
    return revoked


def test_tokens_made_before_a_revocation_are_covered_and_those_made_after_are_not(
    database_url: str, secret: str
) -> None:
    chatlog("migrate", "--database", database_url)
    before, other = (verify(secret, create(secret, "--sub", sub)) for sub in ("u-17", "u-18"))
    said = chatlog("token", "revoke", "--sub", "u-17", "--database", database_url).stdout
    assert "until now are revoked" in said
    after = verify(secret, create(secret, "--sub", "u-17"))
    revoked = asyncio.run(revoked_in(database_url))
    assert [revoked.is_revoked(one) for one in (before, after, other)] == [True, False, False]


def test_one_token_is_revoked_by_its_id(database_url: str, secret: str) -> None:
    chatlog("migrate", "--database", database_url)
    one, other = (verify(secret, create(secret, "--sub", "u-17")) for _ in range(2))
    assert one.token_id is not None
    arguments = ("--jti", one.token_id, "--database", database_url)
    assert "The token is revoked" in chatlog("token", "revoke", *arguments).stdout
    revoked = asyncio.run(revoked_in(database_url))
    assert [revoked.is_revoked(identity) for identity in (one, other)] == [True, False]


async def test_a_running_server_writes_the_revocation(database_url: str, tmp_path: Path) -> None:
    server = Server(database_url, tmp_path / "log")
    await server.start()
    try:
        before = time.time()
        ended = await command.chatlog("token", "revoke", "--sub", "u-17", database=database_url)
        assert (ended.status, ended.err) == (0, "")
        revoked = await revoked_in(database_url)
        assert revoked.is_revoked(Identity("u-17", issued_at=before))
    finally:
        await server.stop()
    assert "u-17" not in (tmp_path / "log").read_text()


async def test_a_server_in_token_mode_does_not_start_without_a_key(
    sqlite_url: str, tmp_path: Path
) -> None:
    short = tmp_path / "short"
    short.write_text("x" * 31 + "\n")
    for flags in (
        ("--auth", "token"),
        ("--auth", "token", "--token-audience", "chat"),
        ("--auth", "token", "--token-secret-file", str(short)),
        ("--auth", "token", "--token-secret-file", str(tmp_path / "none")),
        ("--auth", "token", "--token-keys", str(short)),
        ("--auth", "token", "--token-keys-url", "ftp://id.example/keys"),
        ("--auth", "maybe"),
        ("--token-secret-file", str(short)),
        ("--token-issuer", "us"),
    ):
        ended = await command.chatlog("serve", "--port", "0", *flags, database=sqlite_url)
        assert (ended.status, ended.out) == (2, ""), flags
        assert len(ended.err.splitlines()) == 1, ended.err
        assert ended.err.startswith("chatlog: ")
