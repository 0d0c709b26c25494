"""Sign deliveries as the Standard Webhooks specification says: HMAC-SHA256, ``whsec_`` keys."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from typing import Final

from chatlog.domain.errors import Refused

_PREFIX: Final = "whsec_"
_KEY_BYTES: Final = 32
# https://github.com/standard-webhooks/standard-webhooks, "Signature scheme".
_LEAST_BYTES: Final = 24
_MOST_BYTES: Final = 64


def new_key() -> bytes:
    """Return a random key."""
    return secrets.token_bytes(_KEY_BYTES)


def secret_of(key: bytes) -> str:
    """Return a key as its owner gets it."""
    return _PREFIX + base64.b64encode(key).decode()


def key_in(secret: object) -> bytes:
    """Return the key in a secret.

    Raises:
        Refused: ``bad_command`` if it is none; the sentence does not quote it.
    """
    try:
        assert isinstance(secret, str)
        text = secret.strip().removeprefix(_PREFIX)
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (AssertionError, binascii.Error, ValueError):
        key = b""
    if not _LEAST_BYTES <= len(key) <= _MOST_BYTES:
        raise Refused(
            "bad_command",
            f"A secret is {_PREFIX} and {_LEAST_BYTES} to {_MOST_BYTES} bytes in base64.",
        )
    return key


def signed(message_id: str, seconds: int, body: bytes, keys: Iterable[bytes]) -> dict[str, str]:
    """Return the headers of an attempt at a Unix time, with a signature for each key."""
    content = f"{message_id}.{seconds}.".encode() + body
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(f"v1,{_signature(key, content)}" for key in keys),
    }


def _signature(key: bytes, content: bytes) -> str:
    return base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
