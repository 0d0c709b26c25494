"""Keys for checking signatures, from a secret, a JWK Set or PEM.

A key has one algorithm, which follows from the key alone; a token's header only selects among
the keys of its algorithm. So a public key never serves as a secret, and ``none`` has no key.

The reason why a key cannot be used names its number, never its content. The libraries' own
errors may quote a key and are dropped.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jwt import InvalidKeyError
from jwt.algorithms import ECAlgorithm, HMACAlgorithm, OKPAlgorithm, RSAAlgorithm

MIN_SECRET_BYTES: Final = 32
MIN_RSA_BITS: Final = 2048
MAX_KEYS: Final = 64
"""Of one source. A token without ``kid`` is tried with each, at 150 to 250 µs."""

HS256: Final = "HS256"
PUBLIC: Final = frozenset({"RS256", "ES256", "EdDSA"})
ALGORITHMS: Final = PUBLIC | {HS256}

_BLOCK: Final = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----[^-]+-----END \1-----")
_BEGIN: Final = "-----BEGIN "
# kty, and what `alg` may say beside it. RFC 9864 calls EdDSA with this curve Ed25519.
_OF_TYPE: Final[Mapping[str, tuple[str, set[str], Callable[[Any], Any]]]] = {
    "RSA": ("RS256", {"RS256"}, RSAAlgorithm.from_jwk),
    "EC": ("ES256", {"ES256"}, ECAlgorithm.from_jwk),
    "OKP": ("EdDSA", {"EdDSA", "Ed25519"}, OKPAlgorithm.from_jwk),
}


class Unusable(ValueError):
    """A key or a set of keys cannot be used, with the reason as a clause."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key, its one algorithm, and its id if it has one."""

    algorithm: str
    kid: str | None
    material: Any = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeySet:
    """The usable keys of one source, and why others of it are not."""

    keys: tuple[Key, ...]
    skipped: tuple[str, ...] = ()


def key_of_secret(content: bytes) -> Key:
    """Return the key for HS256; one final newline does not count.

    Raises:
        Unusable: if it is too short, or looks like a key of another kind.
    """
    secret = re.sub(rb"\r?\n\Z", b"", content)
    if len(secret) < MIN_SECRET_BYTES:
        raise Unusable(f"has {len(secret)} bytes; a secret must have {MIN_SECRET_BYTES} or more")
    try:
        HMACAlgorithm(HMACAlgorithm.SHA256).prepare_key(secret)
    except InvalidKeyError:
        raise Unusable("holds a public key, a certificate or a JWK instead of a secret") from None
    return Key(HS256, None, secret)


def public_keys(content: bytes) -> KeySet:
    """Return the keys of a JWK Set or of PEM.

    Raises:
        Unusable: if it is neither, or no key of it can be used.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unusable("is not text") from None
    candidates = _pem(text) if _BEGIN in text else _jwks(text)
    found: list[Key] = []
    skipped: list[str] = []
    for number, make in enumerate(candidates, start=1):
        try:
            if len(found) == MAX_KEYS:
                raise Unusable(f"comes after the first {MAX_KEYS} keys")
            if (key := make()) is not None:
                found.append(key)
        except Unusable as reason:
            skipped.append(f"key {number} {reason}")
    if not found:
        raise Unusable(f"has no usable key: {'; '.join(skipped[:3]) or 'it is empty'}")
    return KeySet(tuple(found), tuple(skipped))


_Make = Callable[[], Key | None]


def _pem(text: str) -> list[_Make]:
    rest = _BLOCK.sub("", text)
    if _BEGIN in rest or "-----END " in rest:
        raise Unusable("is incomplete: a PEM block in it has no end or no beginning")
    blocks = [(found[1], found[0]) for found in _BLOCK.finditer(text)]
    return [lambda kind=kind, block=block: _of_pem(kind, block) for kind, block in blocks]  # type: ignore[misc]


def _of_pem(kind: str, block: str) -> Key:
    if kind.endswith("PRIVATE KEY"):
        raise Unusable("is private: give its public key")
    if kind == "CERTIFICATE":
        raise Unusable("is a certificate: give its public key")
    try:
        loaded = load_pem_public_key(block.encode())
    except Exception:  # noqa: BLE001 - several kinds of error, which may quote the key
        raise Unusable("cannot be read") from None
    return Key(_checked(loaded), None, loaded)


def _jwks(text: str) -> list[_Make]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise Unusable("is neither a JWK Set nor PEM, or is incomplete") from None
    keys = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(keys, list):
        raise Unusable('is not a JWK Set: it has no list "keys"')
    return [lambda jwk=jwk: _of_jwk(jwk) for jwk in keys]  # type: ignore[misc]


def _of_jwk(jwk: object) -> Key | None:
    """Return the key; None for one that is meant for something else than signatures."""
    if not isinstance(jwk, dict):
        raise Unusable("is not an object")
    if jwk.get("use", "sig") != "sig" or not _is_for_verifying(jwk):
        return None
    kty = jwk.get("kty")
    if kty == "oct":
        raise Unusable("is symmetric: give a secret by --token-secret-file")
    if not isinstance(kty, str) or kty not in _OF_TYPE:
        raise Unusable("is of an unknown type")
    if "d" in jwk:
        raise Unusable("is private: give its public key")
    kid = jwk.get("kid")
    if kid is not None and not isinstance(kid, str):
        raise Unusable("has a `kid` that is not text")
    algorithm, names, load = _OF_TYPE[kty]
    if str(jwk.get("alg", algorithm)) not in names:
        raise Unusable("is for another algorithm than RS256, ES256 or EdDSA")
    try:
        loaded = load(jwk)
    except Exception:  # noqa: BLE001 - several kinds of error, which may quote the key
        raise Unusable("cannot be read") from None
    return Key(_checked(loaded), kid, loaded)


def _is_for_verifying(jwk: Mapping[str, Any]) -> bool:
    operations = jwk.get("key_ops", ["verify"])
    return isinstance(operations, list) and "verify" in operations


def _checked(loaded: object) -> str:
    """Return the one algorithm of a public key."""
    if isinstance(loaded, RSAPublicKey):
        if loaded.key_size < MIN_RSA_BITS:
            raise Unusable(f"is too small: RSA keys must have {MIN_RSA_BITS} bits or more")
        return "RS256"
    if isinstance(loaded, EllipticCurvePublicKey) and isinstance(loaded.curve, SECP256R1):
        return "ES256"
    if isinstance(loaded, Ed25519PublicKey):
        return "EdDSA"
    raise Unusable("is of another kind than RS256, ES256 or EdDSA need")
