"""Somebody who issues tokens: keys of every kind, and tokens that they sign."""

from __future__ import annotations

import base64
import copy
import json
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from chatlog.domain.names import Limits
from chatlog.tokens.claims import Rules
from chatlog.tokens.file_keys import FileKeys
from chatlog.tokens.key import Key, key_of_secret
from chatlog.tokens.keys import Keys
from chatlog.tokens.provider_keys import ProviderKeys
from chatlog.tokens.verify import Tokens

NOW = 1_800_000_000.0
SECRET = b"0123456789abcdef0123456789abcdef"
LIMITS = Limits(
    max_message_bytes=8_192, max_room_chars=64, max_username_chars=64, max_rooms_per_connection=100
)


@dataclass
class Clock:
    now: float = NOW

    def __call__(self) -> float:
        return self.now


def rules(audience: str = "", issuer: str = "", max_token_bytes: int = 8_192) -> Rules:
    return Rules(audience, issuer, max_token_bytes, LIMITS)


def claims(**changed: Any) -> dict[str, Any]:
    """The claims of a good token, with changes; None drops one."""
    said = {"sub": "u-17", "exp": NOW + 3_600, "iat": NOW - 60, **changed}
    return {name: value for name, value in said.items() if value is not None}


def by_secret(said: dict[str, Any], secret: bytes = SECRET, **headers: Any) -> str:
    return jwt.encode(said, secret, "HS256", headers=headers)


def segment(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def raw(header: bytes, payload: bytes, secret: bytes = SECRET) -> str:
    """A token of any header and payload, signed with HMAC whatever they say."""
    signing_input = f"{segment(header)}.{segment(payload)}"
    signature = jwt.get_algorithm_by_name("HS256").sign(signing_input.encode(), secret)
    return f"{signing_input}.{segment(signature)}"


def with_payload(payload: bytes) -> str:
    return raw(b'{"alg":"HS256","typ":"JWT"}', payload)


class Signer:
    """A pair of keys of one algorithm."""

    def __init__(self, algorithm: str, kid: str | None = None, bits: int = 2048) -> None:
        self.algorithm, self.kid = algorithm, kid
        self.private: Any = {
            "RS256": lambda: rsa.generate_private_key(65537, bits),
            "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
            "ES384": lambda: ec.generate_private_key(ec.SECP384R1()),
            "EdDSA": ed25519.Ed25519PrivateKey.generate,
        }[algorithm]()

    def sign(self, said: dict[str, Any], **headers: Any) -> str:
        header = {"kid": self.kid} if self.kid is not None else {}
        return jwt.encode(said, self.private, self.algorithm, headers={**header, **headers})

    def without_kid(self) -> Signer:
        """The same keys; the tokens do not say which."""
        unnamed = copy.copy(self)
        unnamed.kid = None
        return unnamed

    @property
    def pem(self) -> bytes:
        public: bytes = self.private.public_key().public_bytes(
            Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
        )
        return public

    @property
    def private_pem(self) -> bytes:
        private: bytes = self.private.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
        return private

    def jwk(self, *, private: bool = False, **more: Any) -> dict[str, Any]:
        of = {"R": RSAAlgorithm, "E": ECAlgorithm}[self.algorithm[0]]
        if self.algorithm == "EdDSA":
            of = OKPAlgorithm
        key = self.private if private else self.private.public_key()
        said: dict[str, Any] = json.loads(of.to_jwk(key))  # type: ignore[attr-defined]
        said.pop("key_ops", None)
        return {**said, **({"kid": self.kid} if self.kid is not None else {}), **more}


def jwks(*keys: Signer | dict[str, Any]) -> bytes:
    listed = [key.jwk() if isinstance(key, Signer) else key for key in keys]
    return json.dumps({"keys": listed}).encode()


def tokens(
    *,
    secret: Key | None = None,
    file: FileKeys | None = None,
    provider: ProviderKeys | None = None,
    clock: Clock | None = None,
    **more: Any,
) -> Tokens:
    """What verifies tokens: by the secret, unless other keys are given."""
    if file is None and provider is None:
        secret = secret or key_of_secret(SECRET)
    wanted = rules(**{name: more.pop(name) for name in list(more) if name in Rules.__slots__})
    return Tokens(Keys(secret, file, provider), wanted, clock=clock or Clock(), **more)
