"""Parse a PostgreSQL URL as libpq does, since hosting providers write URLs for its programs.

The URL becomes parameters under libpq's names (PostgreSQL manual, "Connection URIs");
``postgres_parameters`` handles each of them. No message here quotes a value: a malformed part
may be a piece of a password, and so may a name beside a stray ``@``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Final
from urllib.parse import quote

from chatlog.domain.errors import LogError

_UNESCAPED: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,40}")
_HOST_AND_PORT: Final = re.compile(r"(\[[^\]]*\]|[^:/]*):(\d*)")
_MAY_HOLD_AT: Final = {"user", "password", "dbname", "host", "options", "application_name"}

_ENVIRONMENT: Final = {
    "PGHOST": "host",
    "PGPORT": "port",
    "PGDATABASE": "dbname",
    "PGUSER": "user",
    "PGPASSWORD": "password",
    "PGPASSFILE": "passfile",
    "PGOPTIONS": "options",
    "PGAPPNAME": "application_name",
    "PGCONNECT_TIMEOUT": "connect_timeout",
    "PGSSLMODE": "sslmode",
    "PGSSLROOTCERT": "sslrootcert",
    "PGSSLCERT": "sslcert",
    "PGSSLKEY": "sslkey",
    "PGSSLCRL": "sslcrl",
    "PGTARGETSESSIONATTRS": "target_session_attrs",
    "PGLOADBALANCEHOSTS": "load_balance_hosts",
}
"""The environment variables that fill in what a URL omits."""


def parameters_of(url: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Return a URL's parameters by libpq's names; hosts and ports are joined by commas.

    Raises:
        LogError: if the URL is malformed.
    """
    rest = url.partition("://")[2]
    authority, path, query = _split(rest)
    credentials, at, places = authority.rpartition("@")
    found = dict(_of_places(places, stray="@" in rest and not at))
    if "@" in path and not at:
        raise _bad_escape()  # a password with a slash in it, whose pieces are hosts now
    if path:
        found["dbname"] = _decoded(path, "database")
    if at:
        user, colon, password = credentials.partition(":")
        found |= {"user": _decoded(user, "user")} if user else {}
        found |= {"password": _decoded(password, "password")} if colon else {}
    found |= _of_query(query, stray="@" in query and not at)
    defaults = {name: environ[key] for key, name in _ENVIRONMENT.items() if environ.get(key)}
    if "host" in found:
        defaults.pop("host", None)
    return defaults | found


def shown_url(parameters: Mapping[str, str]) -> str:
    """Return a URL for people: the user, the hosts with their ports and the database alone."""
    user, hosts = parameters.get("user"), parameters.get("host", parameters.get("hostaddr", ""))
    ports = parameters.get("port", "").split(",")
    places = [
        _shown_host(host) + (f":{port}" if port else "")
        for host, port in zip_longest(hosts.split(","), ports, fillvalue=ports[-1])
    ]
    before = f"{quote(user, safe='')}@" if user else ""
    name = quote(parameters.get("dbname", ""), safe="")
    return f"postgresql://{before}{','.join(places)}/{name}"


def _shown_host(host: str) -> str:
    return f"[{host}]" if ":" in host else quote(host, safe="")


def _split(rest: str) -> tuple[str, str, str]:
    """Split the part after ``://`` into authority, database and query."""
    before, _, query = rest.partition("?")
    authority, _, path = before.partition("/")
    return authority, path, query


def _of_places(places: str, *, stray: bool) -> Iterator[tuple[str, str]]:
    """Yield the hosts and ports of ``h1:5432,[::1]:5433,%2Fvar%2Frun``."""
    if not places:
        return
    pairs = [_host_and_port(place, stray=stray) for place in places.split(",")]
    hosts = [_decoded(host, "host") for host, _ in pairs]
    ports = [_decoded(port, "port") for _, port in pairs]
    if any(hosts):
        yield "host", ",".join(hosts)
    if any(ports):
        yield "port", ",".join(ports)


def _host_and_port(place: str, *, stray: bool = False) -> tuple[str, str]:
    found = _HOST_AND_PORT.fullmatch(place)
    host, port = found.groups() if found else (place, "")
    if host.startswith("[") and host.endswith("]"):
        return host[1:-1], port
    if ":" in host or "[" in host or "@" in host:
        raise (
            _bad_escape()
            if stray or "@" in host
            else LogError(
                "The database's URL has a malformed host or port: "
                "write host:5432, and an IPv6 address in brackets."
            )
        )
    return host, port


def _of_query(query: str, *, stray: bool) -> dict[str, str]:
    found: dict[str, str] = {}
    hosts: list[str] = []
    for pair in filter(None, query.split("&")):
        name, equals, value = pair.partition("=")
        is_stray = stray and "@" in value and name not in _MAY_HOLD_AT
        if is_stray or not equals or not _NAME.fullmatch(name):
            raise (
                _bad_escape()
                if stray
                else LogError("The database's URL has a malformed parameter: write name=value.")
            )
        found[name] = _decoded(value, name)
        if name == "host":
            hosts.append(found[name])
    if any(hosts):
        found |= _of_hosts(",".join(hosts))
    return found


def _of_hosts(hosts: str) -> dict[str, str]:
    """Split off the ports in ``host=a:5432``, which SQLAlchemy writes and libpq doesn't know."""
    pairs = [_host_and_port(host) if ":" in host else (host, "") for host in _bracketed(hosts)]
    found = {"host": ",".join(host for host, _ in pairs)}
    if any(port for _, port in pairs):
        found["port"] = ",".join(port for _, port in pairs)
    return found


def _bracketed(hosts: str) -> Iterator[str]:
    """Yield hosts; a bare IPv6 address, which libpq accepts here, gets brackets."""
    for host in hosts.split(","):
        is_address = host.count(":") > 1 and not host.startswith(("[", "/"))
        yield f"[{host}]:" if is_address else host


def _decoded(value: str, name: str) -> str:
    """Percent-decode a value. A plus sign stays a plus sign."""
    if _UNESCAPED.search(value):
        raise _bad_escape()
    try:
        text = re.sub(
            rb"%([0-9A-Fa-f]{2})", lambda found: bytes([int(found[1], 16)]), value.encode()
        ).decode()
    except UnicodeError:
        raise LogError(f"The database's URL has a {name} that is not UTF-8.") from None
    if "\0" in text:
        raise LogError(f"The database's URL has a NUL character in its {name}.")
    return text


def _bad_escape() -> LogError:
    return LogError(
        "The database's URL cannot be parsed: in a user or a password, write the characters "
        "@ : / ? # % as %40 %3A %2F %3F %23 %25."
    )
