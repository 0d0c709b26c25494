"""TLS to PostgreSQL: translate libpq's ``ssl…`` parameters for asyncpg.

asyncpg parses them from a separate URL, which holds nothing else. Files are loaded here first,
because asyncpg's error for a missing or broken file names neither file nor parameter.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from chatlog.domain.errors import LogError

MODES: Final = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_OTHER_WORDS: Final = {"true": "require", "1": "require", "false": "disable", "0": "disable"}
"""Values of ``ssl=``, which JDBC and some hosting providers write."""

_FILES: Final = ("sslrootcert", "sslcert", "sslkey", "sslcrl")
_PASSED_ON: Final = (
    *(*_FILES, "sslpassword", "sslnegotiation"),
    *("ssl_min_protocol_version", "ssl_max_protocol_version"),
)
TLS: Final = ("ssl", "sslmode", *_PASSED_ON)
_VERSIONS: Final = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
_SYSTEM: Final = "system"
_VERIFYING: Final = ("verify-ca", "verify-full")
_OWN_ROOT: Final = "~/.postgresql/root.crt"


def tls_arguments(parameters: Mapping[str, str]) -> dict[str, Any]:
    """Return asyncpg's TLS arguments; none if the URL has no TLS parameter.

    Raises:
        LogError: naming the parameter that is malformed, or whose file cannot be used.
    """
    mode = _mode(parameters)
    _check_words(parameters, mode)
    _check_files(parameters)
    if mode in _VERIFYING and not parameters.get("sslrootcert"):
        _check_own_root(mode)
    if parameters.get("sslrootcert") == _SYSTEM:
        return {"ssl": _of_the_system(parameters, mode)}
    told = {name: parameters[name] for name in _PASSED_ON if parameters.get(name)}
    found: dict[str, Any] = {"ssl": mode} if mode else {}
    return found | ({"dsn": f"postgresql://?{urlencode(told)}"} if told else {})


def _mode(parameters: Mapping[str, str]) -> str | None:
    name = "sslmode" if "sslmode" in parameters else "ssl"
    given = parameters.get(name)
    mode = _OTHER_WORDS.get(given or "", given) if name == "ssl" else given
    if mode is not None and mode not in MODES:
        raise LogError(f"{name} in the database's URL must be one of: {', '.join(MODES)}.")
    return mode


def _check_words(parameters: Mapping[str, str], mode: str | None) -> None:
    negotiation = parameters.get("sslnegotiation")
    if negotiation not in {None, "postgres", "direct"}:
        raise LogError("sslnegotiation in the database's URL must be one of: postgres, direct.")
    if negotiation == "direct" and MODES.index(mode or "prefer") < MODES.index("require"):
        raise LogError("sslnegotiation=direct in the database's URL needs sslmode=require.")
    for name in ("ssl_min_protocol_version", "ssl_max_protocol_version"):
        if parameters.get(name) and parameters[name] not in _VERSIONS:
            raise LogError(f"{name} in the database's URL must be one of: {', '.join(_VERSIONS)}.")


def _check_files(parameters: Mapping[str, str]) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for name in ("sslrootcert", "sslcrl"):
        file = parameters.get(name)
        if file and (name, file) != ("sslrootcert", _SYSTEM):
            try:
                context.load_verify_locations(cafile=file)
            except (OSError, ValueError) as error:
                raise _unusable(name, error) from None
    _load_certificate(context, parameters)


def _check_own_root(mode: str) -> None:
    """Check libpq's default certificate file."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(
            cafile=os.path.expanduser(_OWN_ROOT)  # noqa: PTH111 - Path's raises without a home
        )
    except OSError:
        raise LogError(
            f"sslmode={mode} in the database's URL needs sslrootcert: a file of certificates, "
            f"or `system`; {_OWN_ROOT} cannot be used."
        ) from None


def _load_certificate(context: ssl.SSLContext, parameters: Mapping[str, str]) -> None:
    """Load the client certificate, if there is one."""
    if not (file := parameters.get("sslcert")):
        return
    password = parameters.get("sslpassword", "")
    try:
        context.load_cert_chain(file, parameters.get("sslkey") or None, lambda: password)
    except (OSError, ValueError) as error:
        raise _unusable("sslcert or its sslkey", error) from None


def _unusable(name: str, error: Exception) -> LogError:
    why = getattr(error, "strerror", None) or "it is malformed"
    return LogError(f"The file of {name} in the database's URL cannot be used: {why}.")


def _of_the_system(parameters: Mapping[str, str], mode: str | None) -> ssl.SSLContext:
    """Trust the system's authorities: asyncpg would look for a file called ``system``."""
    if mode not in {None, "verify-full"}:
        raise LogError("sslrootcert=system in the database's URL needs sslmode=verify-full.")
    context = ssl.create_default_context()
    context.set_alpn_protocols(["postgresql"])
    if parameters.get("sslcrl"):
        context.load_verify_locations(cafile=parameters["sslcrl"])
        context.verify_flags |= ssl.VERIFY_CRL_CHECK_CHAIN
    _load_certificate(context, parameters)
    return context
