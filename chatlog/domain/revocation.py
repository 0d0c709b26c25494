"""A revocation: tokens that are refused although they are signed and have not expired.

It holds a keyed hash of the subject or of the token's id, never these themselves.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Final

SUBJECT: Final = "subject"
TOKEN: Final = "token"  # noqa: S105 - a kind of revocation


@dataclass(frozen=True, slots=True)
class Revocation:
    """One row of the log's table; ``number`` grows by one with each.

    Of a subject, it covers all tokens issued until ``issued_until`` (Unix seconds); of a token,
    that token, and ``issued_until`` is None.
    """

    number: int
    kind: str
    key: bytes
    issued_until: float | None


def revocation_key(secret: bytes, kind: str, value: str) -> bytes:
    """Return the keyed hash of a subject or of a token's id, given the log's secret.

    No username contains NUL, so that it differs from every key of a name.
    """
    said = f"revoked\0{kind}\0{value}".encode()
    return hmac.digest(secret, said, hashlib.sha256)[:16]
