"""URLs as hosting companies hand them out: translated, ignored where harmless, else refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatlog.databases.database import Database
from chatlog.databases.postgres.parameters import IGNORED, Target, target_of
from chatlog.databases.postgres.url import parameters_of
from chatlog.domain.errors import LogError

SECRET = "s3cr3t"
NOBODY = "127.0.0.1:1"


def target(url: str, **environ: str) -> Target:
    return target_of(parameters_of(url, environ))


PLACES = {
    "postgres://ada@db.example/chat": [("db.example", 5432)],
    "postgresql://ada:pw@db.example:6543/chat": [("db.example", 6543)],
    "postgresql://h1:5432,h2:5433/chat": [("h1", 5432), ("h2", 5433)],
    "postgresql://h1,h2:5433/chat": [("h1", 5432), ("h2", 5433)],
    "postgresql://[::1]:5433/chat": [("::1", 5433)],
    "postgresql://[::1],[2001:db8::2]:1/chat": [("::1", 5432), ("2001:db8::2", 1)],
    "postgresql://%2Fvar%2Frun%2Fpostgresql/chat": [("/var/run/postgresql", 5432)],
    "postgresql://ada@%2Frun:5433/chat": [("/run", 5433)],
    "postgresql:///chat?host=/var/run/postgresql": [("/var/run/postgresql", 5432)],
    "postgresql:///chat?host=%2Frun&port=5433": [("/run", 5433)],
    "postgresql://:5433/chat?host=/run": [("/run", 5433)],
    "postgresql:///chat?host=a&host=b": [("a", 5432), ("b", 5432)],
    "postgresql:///chat?host=a:1&host=b:2": [("a", 1), ("b", 2)],
    "postgresql:///chat?host=a,b&port=1,2": [("a", 1), ("b", 2)],
    "postgresql:///chat?host=::1": [("::1", 5432)],
    "postgresql:///chat?hostaddr=10.0.0.1&host=db.example": [("10.0.0.1", 5432)],
    "postgresql:///chat": [],
    "postgresql://": [],
}


@pytest.mark.parametrize("url", PLACES)
def test_every_form_of_hosts_is_understood(url: str) -> None:
    assert list(target(url).places) == PLACES[url]


def test_users_passwords_and_names_are_decoded_as_libpq_decodes_them() -> None:
    told = target("postgresql://a%40da:p%2F%3A+%C3%A9@h/ch%20at").arguments
    assert told == {"user": "a@da", "password": "p/:+é", "database": "ch at"}
    told = target("postgresql://ada:old@h/one?user=bob&password=new&dbname=two").arguments
    assert told == {"user": "bob", "password": "new", "database": "two"}
    assert target("postgresql://ada:p@ss#word@h/chat").arguments["password"] == "p@ss#word"


def test_a_driver_in_the_url_is_our_business() -> None:
    for scheme in ("postgres", "postgresql", "postgresql+asyncpg", "postgresql+psycopg2"):
        assert target(f"{scheme}://h/chat").places == (("h", 5432),)


@pytest.mark.parametrize("name", IGNORED)
def test_what_is_ignored_changes_nothing(name: str) -> None:
    for value in IGNORED[name] or {"1", "anything"}:
        found = target(f"postgresql://h/chat?{name}={value}")
        assert found.arguments == {"database": "chat"}
        assert found.settings == {"application_name": "chatlog"}


def test_what_is_translated_is_told_to_the_driver() -> None:
    found = target(
        "postgresql://h/chat?connect_timeout=3&application_name=my%20chat&krbsrvname=pg"
        "&options=-c%20statement_timeout%3D5s&target_session_attrs=read-write&passfile=/p"
        "&load_balance_hosts=random&sslmode=require&gsslib=gssapi"
    )
    assert found.connect_seconds == 3
    assert found.session == "read-write"
    assert found.settings == {"application_name": "my chat", "options": "-c statement_timeout=5s"}
    told = {"krbsrvname": "pg", "passfile": "/p", "ssl": "require", "gsslib": "gssapi"}
    assert found.arguments == {"database": "chat", **told}
    assert target("postgresql://h/c?fallback_application_name=x").settings == {
        "application_name": "x"
    }
    assert target("postgresql://h/c?connect_timeout=0").connect_seconds is None
    assert target("postgresql://h/c?ssl=true").arguments["ssl"] == "require"


def test_the_environment_fills_what_the_url_leaves_out() -> None:
    environ = {"PGHOST": "h1,h2", "PGPORT": "5433", "PGUSER": "ada", "PGPASSWORD": SECRET}
    found = target("postgresql:///chat", **environ, PGAPPNAME="app", PGSSLMODE="disable")
    assert found.places == (("h1", 5433), ("h2", 5433))
    assert found.settings["application_name"] == "app"
    assert found.arguments["password"] == SECRET
    assert found.arguments["ssl"] == "disable"
    assert target("postgresql://bob@h/chat", **environ).arguments["user"] == "bob"
    assert SECRET not in repr(found)


REFUSED = {
    "service=chat": "service",
    "servicefile=/x": "servicefile",
    "gssencmode=require": "gssencmode",
    "require_auth=scram-sha-256": "require_auth",
    "requirepeer=postgres": "requirepeer",
    "sslcrldir=/x": "sslcrldir",
    "sslcertmode=require": "sslcertmode",
    "channel_binding=maybe": "channel_binding",
    "replication=database": "replication",
    "target_session_attrs=best": "target_session_attrs",
    "load_balance_hosts=yes": "load_balance_hosts",
    "connect_timeout=soon": "connect_timeout",
    "connect_timeout=nan": "connect_timeout",
    "port=0": "port",
    "port=1,2,3": "port",
    "host=@abstract": "host",
    "sslmode=on": "sslmode",
    "ssl=maybe": "ssl",
    "sslnegotiation=direct": "sslnegotiation",
    "ssl_min_protocol_version=SSLv3": "ssl_min_protocol_version",
    "sslmode=verify-full": "sslrootcert",
    "sslmode=verify-ca&sslrootcert=/no/such.crt": "sslrootcert",
    "sslmode=require&sslrootcert=system": "sslrootcert",
    "sslcert=/no/such.crt": "sslcert",
    "sslcrl=/no/such.crl": "sslcrl",
    "hostaddr=10.0.0.1&sslmode=verify-full&sslrootcert=system": "hostaddr",
    "pgbouncer=true": "pgbouncer",
    "schema=public": "schema",
    "statement_timeout=5s": "statement_timeout",
    "oauth_issuer=x": "oauth_issuer",
    "scram_client_key=x": "scram_client_key",
}


@pytest.mark.parametrize("query", REFUSED)
def test_what_cannot_be_had_is_refused_in_a_sentence_that_names_it(
    query: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))  # where an authority might lie
    with pytest.raises(LogError, match=rf"\b{REFUSED[query]}\b") as refused:
        Database(f"postgresql://ada:{SECRET}@h/chat?{query}")
    assert SECRET not in str(refused.value)


LEAKING = [
    f"postgresql://ada:pa/{SECRET}@h/chat",
    f"postgresql://ada:1,{SECRET}/x@h/chat",
    f"postgresql://ada:pa?{SECRET}@h/chat",
    f"postgresql://ada:1?{SECRET}=1@h/chat",
    f"postgresql://ada:pa%{SECRET}@h/chat",
    f"postgresql://ada:pa:{SECRET}/@h/chat",
    f"postgresql://ada:{SECRET}[@h[/chat",
    f"postgresql://ada:pa%00{SECRET}@h/chat",
    f"postgresql://ada:pa%FF{SECRET}@h/chat",
    f"postgresql://h:{SECRET}/chat",
    f"postgresql://h/chat?password={SECRET}%",
    f"postgresql://h/chat?{SECRET}",
    f"postgresql://h/chat?port={SECRET}",
    f"postgresql://h/chat?sslmode={SECRET}",
    f"postgresql://h/chat?connect_timeout={SECRET}",
]


@pytest.mark.parametrize("url", LEAKING)
def test_no_sentence_holds_a_piece_of_a_password_that_was_not_encoded(url: str) -> None:
    with pytest.raises(LogError) as refused:
        Database(url)
    assert SECRET not in str(refused.value)
