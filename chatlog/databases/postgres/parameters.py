"""Translate, ignore or refuse each libpq parameter for asyncpg.

Parameters are ignored if they affect no promise: how a dead connection is detected (every
command has its own timeout), or a protection that exists anyway. Anything else is refused by
name, so that nobody relies on a protection that does not exist.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from chatlog.databases.postgres.tls import TLS, tls_arguments
from chatlog.domain.errors import LogError

DEFAULT_PORT: Final = 5432
CONNECT_SECONDS: Final = 10.0

_ANY: Final[frozenset[str]] = frozenset()
_NO: Final = frozenset({"0", "false", "off", "no"})

IGNORED: Final[Mapping[str, frozenset[str]]] = {
    "channel_binding": frozenset({"disable", "prefer", "require"}),
    "client_encoding": _ANY,  # it is UTF-8 on the wire, whatever the terminal's
    "gssdelegation": _NO,
    "gssencmode": frozenset({"disable", "prefer"}),
    "keepalives": _ANY,
    "keepalives_count": _ANY,
    "keepalives_idle": _ANY,
    "keepalives_interval": _ANY,
    "max_protocol_version": _ANY,
    "min_protocol_version": frozenset({"3.0"}),
    "replication": _NO,
    "requiressl": _NO,
    "sslcertmode": frozenset({"allow"}),
    "sslcompression": _ANY,
    "sslkeylogfile": _ANY,
    "sslsni": _ANY,
    "tcp_user_timeout": _ANY,
}
"""Parameters without effect here, and the values that may be ignored (empty: any)."""

_CHOICES: Final[Mapping[str, frozenset[str]]] = {
    "gsslib": frozenset({"gssapi"}),
    "load_balance_hosts": frozenset({"disable", "random"}),
    "target_session_attrs": frozenset(
        {"any", "read-write", "read-only", "primary", "standby", "prefer-standby"}
    ),
}
_TRANSLATED: Final = {
    *("host", "hostaddr", "port", "dbname", "database", "user", "password", "passfile"),
    *("options", "application_name", "fallback_application_name", "connect_timeout"),
    *("krbsrvname", *_CHOICES, *TLS),
}


@dataclass(frozen=True, slots=True)
class Target:
    """The connection parameters for asyncpg.

    ``places`` are hosts with their ports, tried in this order; without any, asyncpg looks for a
    local server. ``settings`` are sent at the start of a connection.
    """

    places: tuple[tuple[str, int], ...]
    port: int
    session: str
    connect_seconds: float | None
    settings: Mapping[str, str]
    arguments: Mapping[str, Any] = field(repr=False)
    unchecked: bool
    """Whether a required channel binding is not replaced by another protection."""


def target_of(parameters: Mapping[str, str]) -> Target:
    """Translate libpq's parameters.

    Raises:
        LogError: naming a parameter that is not supported or is malformed.
    """
    for name, value in parameters.items():
        _check(name, value)
    places = list(_places(parameters))
    if parameters.get("load_balance_hosts") == "random":
        random.shuffle(places)
    arguments = {
        "user": parameters.get("user"),
        "password": parameters.get("password"),
        "database": parameters.get("dbname", parameters.get("database")),
        "passfile": parameters.get("passfile"),
        "krbsrvname": parameters.get("krbsrvname"),
        "gsslib": parameters.get("gsslib"),
        **tls_arguments(parameters),
    }
    return Target(
        places=tuple(places),
        port=_ports(parameters)[0],
        session=parameters.get("target_session_attrs", "any"),
        connect_seconds=_connect_seconds(parameters),
        settings=_settings(parameters),
        arguments={name: value for name, value in arguments.items() if value is not None},
        unchecked=_is_unchecked(parameters, places),
    )


def _is_unchecked(parameters: Mapping[str, str], places: list[tuple[str, int]]) -> bool:
    is_remote = any(not host.startswith("/") for host, _ in places)
    is_verified = (
        parameters.get("sslmode") == "verify-full" or parameters.get("sslrootcert") == "system"
    )
    return parameters.get("channel_binding") == "require" and is_remote and not is_verified


def _check(name: str, value: str) -> None:
    if name in _TRANSLATED:
        if name in _CHOICES and value not in _CHOICES[name]:
            allowed = ", ".join(sorted(_CHOICES[name]))
            raise LogError(f"{name} in the database's URL must be one of: {allowed}.")
        return
    if name not in IGNORED:
        raise LogError(f"chatlog does not support {name}, a parameter of the database's URL.")
    if IGNORED[name] and value not in IGNORED[name]:
        allowed = ", ".join(sorted(IGNORED[name]))
        raise LogError(
            f"chatlog does not support this value of {name} in the database's URL: omit it, "
            f"or use one of: {allowed}."
        )


def _places(parameters: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    hosts = _hosts(parameters)
    ports = _ports(parameters)
    if len(ports) == 1:
        ports *= len(hosts)
    if hosts and len(ports) != len(hosts):
        raise LogError("port in the database's URL must name one port, or one for each host.")
    for host, port in zip(hosts, ports, strict=False):
        if host.startswith("@"):
            raise LogError("host in the database's URL is an abstract socket: asyncpg has none.")
        yield host or "localhost", port


def _hosts(parameters: Mapping[str, str]) -> list[str]:
    """Return the hosts to connect to; ``hostaddr`` avoids name resolution."""
    named = parameters.get("host", "")
    addresses = parameters.get("hostaddr", "")
    if addresses and named and parameters.get("sslmode") == "verify-full":
        raise LogError("hostaddr in the database's URL is not supported with sslmode=verify-full.")
    found = addresses or named
    return [host.strip() for host in found.split(",")] if found else []


def _ports(parameters: Mapping[str, str]) -> list[int]:
    return [_port(port.strip()) for port in parameters.get("port", "").split(",")]


def _port(port: str) -> int:
    if not port:
        return DEFAULT_PORT
    if not (port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) <= 65_535):
        raise LogError("port in the database's URL must be a number from 1 to 65535.")
    return int(port)


def _connect_seconds(parameters: Mapping[str, str]) -> float | None:
    """Return the timeout for one host; None for no timeout, which is libpq's 0."""
    given = parameters.get("connect_timeout", "").strip()
    if not given:
        return CONNECT_SECONDS
    try:
        seconds = float(given)
    except ValueError:
        seconds = math.nan
    if not math.isfinite(seconds):
        raise LogError("connect_timeout in the database's URL must be a number of seconds.")
    return seconds if seconds > 0 else None


def _settings(parameters: Mapping[str, str]) -> dict[str, str]:
    fallback = parameters.get("fallback_application_name") or "chatlog"
    found = {"application_name": parameters.get("application_name") or fallback}
    if parameters.get("options"):
        found["options"] = parameters["options"]  # the server reads it as libpq would send it
    return found
