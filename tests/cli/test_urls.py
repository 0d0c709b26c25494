"""Whatever is given as a database's URL: exit status 2, one sentence, and no password in it."""

from __future__ import annotations

import string
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cli.command import refused

SECRET = "s3cr3t"

ODD = [
    " ",
    "x",
    "://",
    "chatlog.db",
    "sqlite:",
    "sqlite:/",
    "sqlite://",
    "sqlite://chatlog.db",
    "sqlite:///",
    "sqlite:////",
    "sqlite:///.",
    "sqlite:///..",
    "sqlite:////etc",
    "sqlite://///",
    "sqlite:////dev/null",
    "sqlite:////dev/null/below",
    "sqlite:////dev/zero",
    "sqlite:////proc/self/mem",
    "sqlite:///a\0b",
    "sqlite:///" + "x" * 300,
    "sqlite:///" + "x/" * 3_000,
    "sqlite:///:memory:",
    "sqlite:///file::memory:?cache=shared",
    f"sqlite://ada:{SECRET}@host/chatlog.db",
    f"sqlite+nothing://ada:{SECRET}@host/chatlog.db",
    f"mysql://ada:{SECRET}@host/db",
    f"postgres//ada:{SECRET}@host/db",
    f"postgresql:/ada:{SECRET}@host/db",
    f"{SECRET}",
    f"postgresql://ada:{SECRET}@host:port/db",
    f"postgresql://ada:{SECRET}@127.0.0.1:1/db",
    f"postgresql://ada:{SECRET}@127.0.0.1:0/db",
    f"postgresql://ada:{SECRET}@127.0.0.1:99999/db",
    f"postgresql://ada:{SECRET}@127.0.0.1:99999999999999999999/db",
    f"postgresql://ada:{SECRET}@127.0.0.1:1/db?unknown=1",
    f"postgresql://ada:{SECRET}@127.0.0.1:1/db?ssl=maybe",
    f"postgresql://ada:{SECRET}@127.0.0.1:1/db?sslmode=maybe",
    f"postgresql://ada:{SECRET}@127.0.0.1:1/db?sslmode=require&sslmode=prefer",
    f"postgresql://ada:{SECRET}@127.0.0.1:1/db?host=a&host=b&port=1",
    f"postgresql://ada:{SECRET}@127.0.0.1:1/db?host=a:x",
    f"postgresql://ada:{SECRET}@127.0.0.1:1/db?port=x",
    f"postgresql://ada:{SECRET}@127.0.0.1:1/db?timeout=x",
    f"postgresql://ada:{SECRET}@127.0.0.1:1/db?server_settings=x",
    f"postgresql://ada:{SECRET}@127.0.0.1:1/db?command_timeout=-1",
    f"postgresql://ada:{SECRET}@127.0.0.1:1/db?dsn=x",
    f"postgresql://ada:{SECRET}@127.0.0.1:1/db?password={SECRET}&user=bob",
    f"postgresql://ada:{SECRET}@127.0.0.1:1/db?prepared_statement_cache_size=x",
    f"postgresql://ada:{SECRET}@/db?host=/no/such/folder",
    f"postgresql://ada:{SECRET}@{'x' * 70}.example/db",
    f"postgresql://ada:{SECRET}@a..b/db",
    f"postgresql://ada:{SECRET}@[::1/db",
    f"postgresql://ada:{SECRET}@[::1]:1/db",
    f"postgresql://ada:{SECRET}@host\0/db",
    f"postgresql://ada:{SECRET}@127.0.0.1:1/d\0b",
    f"postgresql+nothing://ada:{SECRET}@host/db",
    f"postgresql+asyncpg://ada:{SECRET}@127.0.0.1:1/db",
    f"POSTGRESQL://ada:{SECRET}@127.0.0.1:1/db",
    f"postgresql://ada:{SECRET}@{SECRET}@127.0.0.1:1/db",
]


NAMES = [
    "sqlite://///\u2026",
    "sqlite:///\udcff",
    "sqlite:///%00",
    "sqlite:///a?b=c",
    "sqlite:////no/such/folder/chatlog.db",
]
"""Of files that are not there, however odd: a writer would make them."""

COMMANDS = {
    "rooms": ("rooms",),
    "migrate": ("migrate",),
    "redact": ("redact", "general", "1", "--reason", "r"),
    "serve": ("serve", "--port", "0"),
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("url", ODD, ids=range(len(ODD)))
def test_an_odd_url_ends_in_one_sentence_without_a_password(
    url: str, command: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    said = refused(*COMMANDS[command], "--database", url)
    assert SECRET not in said
    assert said.startswith("chatlog: ")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["rooms", "redact"])
@pytest.mark.parametrize("url", NAMES, ids=range(len(NAMES)))
def test_the_odd_name_of_no_file_ends_in_one_sentence(url: str, command: str) -> None:
    refused(*COMMANDS[command], "--database", url)


SCHEMES = ["sqlite", "postgresql", "postgres", "+", "://", ":", "/", "//"]
SIGNS = ["@", "?", "&", "=", "[", "]", "%", "%00", "%zz", "#", ".", ".."]
WORDS = [*SCHEMES, *SIGNS, "127.0.0.1", "db", "ssl", "host"]
PIECES = st.lists(
    st.one_of(st.sampled_from([*WORDS, SECRET]), st.text(string.printable, max_size=3)),
    max_size=12,
)


@settings(deadline=None)
@given(PIECES)
def test_no_url_ends_in_a_traceback(pieces: list[str]) -> None:
    refused("rooms", "--database", "".join(pieces))
