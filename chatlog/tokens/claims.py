"""From a token's payload, whose signature is right, to an identity."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from chatlog.domain.errors import Refused
from chatlog.domain.identity import Identity, check_identity, check_seconds, malformed
from chatlog.domain.names import Limits

AHEAD_SECONDS: Final = 30.0
"""How far an issuer's clock may be ahead. ``exp`` has no leeway."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Which tokens are meant for this server."""

    audience: str
    issuer: str
    max_token_bytes: int
    limits: Limits


@dataclass(frozen=True, slots=True)
class Verified:
    """An identity and when it holds: from ``begins_at`` until before ``expires_at``."""

    identity: Identity
    begins_at: float
    expires_at: float

    def check_time(self, now: float) -> None:
        """Refuse a token that has expired or is not valid yet.

        Raises:
            Refused: ``token_invalid``.
        """
        if now >= self.expires_at:
            raise invalid("The token has expired.")
        if now + AHEAD_SECONDS < self.begins_at:
            raise invalid("The token is not yet valid.")


def invalid(sentence: str) -> Refused:
    """Return the refusal of a token. The sentence quotes nothing of it."""
    return Refused("token_invalid", sentence)


def read_claims(payload: bytes, rules: Rules) -> Verified:
    """Return who a token is about. Times are for the caller to check.

    Raises:
        Refused: ``token_invalid``, if a claim is missing, malformed, or not for this server.
    """
    claims = _decoded(payload)
    _check_audience(claims, rules.audience)
    _check_issuer(claims, rules.issuer)
    expires_at = _seconds(claims, "exp")
    if expires_at is None:
        raise malformed("exp", "A token must say when it expires.")
    issued_at = _seconds(claims, "iat")
    begins_at = max(issued_at or 0.0, _seconds(claims, "nbf") or 0.0)
    identity = Identity(
        subject=claims.get("sub", ""),
        name=_text(claims, "name"),
        scope=frozenset((_text(claims, "scope") or "").split()),
        rooms=claims.get("rooms", {}),
        expires_at=expires_at,
        issued_at=issued_at,
        token_id=_text(claims, "jti"),
    )
    check_identity(identity, rules.limits)
    return Verified(identity, begins_at, expires_at)


def _decoded(payload: bytes) -> Mapping[str, Any]:
    try:
        claims = json.loads(payload.decode(), parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise invalid("The token is malformed: its claims are not JSON.") from None
    if not isinstance(claims, dict):
        raise invalid("The token is malformed: its claims are not an object.")
    return claims


def _no_number(_name: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


def _check_audience(claims: Mapping[str, Any], expected: str) -> None:
    """Refuse a token for somebody else; ``aud`` is a text or a list of them (RFC 7519, 4.1.3)."""
    said = claims.get("aud")
    listed = said if isinstance(said, list) else [said]
    if "aud" in claims and not all(isinstance(one, str) for one in listed):
        raise malformed("aud", "It must be a text or a list of texts.")
    if ("aud" in claims or expected) and (not expected or expected not in listed):
        raise invalid("The token's audience is not this server.")


def _check_issuer(claims: Mapping[str, Any], expected: str) -> None:
    said = _text(claims, "iss")
    if expected and said != expected:
        raise invalid("The token's issuer is not the one that this server trusts.")


def _text(claims: Mapping[str, Any], name: str) -> str | None:
    said = claims.get(name)
    if name in claims and not isinstance(said, str):
        raise malformed(name, "It must be a text.")
    return said


def _seconds(claims: Mapping[str, Any], name: str) -> float | None:
    if name not in claims:
        return None
    try:
        return check_seconds(claims[name])
    except Refused as refused:
        raise malformed(name, refused.sentence) from None
