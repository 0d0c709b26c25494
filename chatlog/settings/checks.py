"""Refuse settings with which a server cannot work."""

from __future__ import annotations

import ipaddress
from dataclasses import Field
from typing import TYPE_CHECKING, Any

from chatlog.settings.values import WrongValue

if TYPE_CHECKING:
    from chatlog.settings import Settings

AUTH_MODES = ("open", "token")

_LEAST = {
    "port": 0,
    "max_chats_per_second": 0,
    "max_connections_per_address": 0,
    "max_commit_delay_ms": 0,
}
"""The settings that may be 0, which means any or none."""

_MOST = {"port": 65_535}
_MOST_NODE_CHARS = 64

_MOST_SECONDS = 2_000_000.0
"""23 days: the kernel counts the milliseconds of a time-out in 31 bits."""

_MOST_OF_ANYTHING = 2**31 - 1
"""The largest number of bytes that the kernel accepts."""


def bounds(setting: Field[Any]) -> tuple[float, float]:
    """Return the minimum and maximum of a numeric setting."""
    is_count = type(setting.default) is int
    least = _LEAST.get(setting.name, 1 if is_count else 0.001)
    return least, _MOST.get(setting.name, _MOST_OF_ANYTHING if is_count else _MOST_SECONDS)


def check_number(setting: Field[Any], value: object) -> None:
    """Refuse a number out of a setting's bounds, or one in a list; anything else passes.

    Raises:
        WrongValue: with the bound.
    """
    if isinstance(value, tuple):
        for item in value:
            check_number(setting, item)
        return
    if not isinstance(value, int | float) or isinstance(value, bool):
        return
    least, most = bounds(setting)
    if not value >= least:
        raise WrongValue(setting.name, f"must be at least {least}, not {value}.")
    if value > most:
        raise WrongValue(setting.name, f"must be at most {most}, not {value}.")


_OF_TOKENS = ("token_secret_file", "token_keys", "token_keys_url", "token_audience", "token_issuer")


def check_auth(settings: Settings) -> None:
    """Refuse settings of who may enter that contradict each other.

    Raises:
        WrongValue: naming the setting.
    """
    if settings.auth not in AUTH_MODES:
        raise WrongValue("auth", f"must be one of {', '.join(AUTH_MODES)}.")
    for name in _OF_TOKENS:
        if settings.auth != "token" and getattr(settings, name):
            raise WrongValue(name, "has no effect without auth=token.")
    for network in settings.trusted_proxy:
        try:
            ipaddress.ip_network(network)
        except ValueError:
            raise WrongValue(
                "trusted_proxy", f"must be a network such as 10.0.0.0/8, not {network!r}."
            ) from None
    url = settings.token_keys_url
    if url and not url.startswith(("http://", "https://")):
        raise WrongValue("token_keys_url", "must begin with https:// or http://.")


def check_node(name: str) -> None:
    """Refuse what cannot be the name of a server.

    Raises:
        WrongValue: if it cannot.
    """
    if not (1 <= len(name) <= _MOST_NODE_CHARS and name.isprintable() and name == name.strip()):
        raise WrongValue(
            "node",
            f"must have 1 to {_MOST_NODE_CHARS} printable characters and no space at its ends.",
        )
