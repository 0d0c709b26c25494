"""Create a token, signed with a secret (HS256)."""

from __future__ import annotations

from typing import Any

import jwt

from chatlog.domain.identity import Identity
from chatlog.tokens.key import HS256, Key


def create_token(identity: Identity, secret: Key, *, audience: str = "", issuer: str = "") -> str:
    """Return a token that says what the identity says. Its form is for the caller to check."""
    claims: dict[str, Any] = {
        "sub": identity.subject,
        "name": identity.name,
        "scope": " ".join(sorted(identity.scope)) or None,
        "rooms": dict(identity.rooms) or None,
        "exp": identity.expires_at,
        "iat": identity.issued_at,
        "jti": identity.token_id,
        "aud": audience or None,
        "iss": issuer or None,
    }
    said = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(said, secret.material, algorithm=HS256)
