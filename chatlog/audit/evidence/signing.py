"""Generate and read the operator's Ed25519 keys in PEM files; sign lines, and verify signatures.

The private key is never kept beside the log: otherwise, anybody who can rewrite the log could
sign it again. openssl reads and writes the same files, so verification does not need chatlog.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from chatlog.domain.errors import LogError

_RAW: Final = (serialization.Encoding.Raw, serialization.PublicFormat.Raw)
_PEM: Final = serialization.Encoding.PEM
_SIGNED: Final = re.compile(rb'(.*),"signature":"([0-9a-f]{128})"\}\n?', re.DOTALL)


def make_key(file: Path) -> Path:
    """Write a new private key to ``file`` (mode 0600) and return the file of its public half.

    Raises:
        LogError: if one of the two files exists.
    """
    public = file.with_name(f"{file.name}.pub")
    key = Ed25519PrivateKey.generate()
    plain = serialization.NoEncryption()
    private_pem = key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, plain)
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    if public.exists():
        raise LogError(f"{public} exists; keys are never overwritten. Name a new file.")
    _write_new(file, private_pem, 0o600)
    _write_new(public, key.public_key().public_bytes(_PEM, spki), 0o644)
    return public


def _write_new(file: Path, content: bytes, mode: int) -> None:
    try:
        opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError:
        raise LogError(f"{file} exists; keys are never overwritten. Name a new file.") from None
    with os.fdopen(opened, "wb") as out:
        out.write(content)


def read_key(file: Path) -> Ed25519PrivateKey:
    """Return the private key in a PEM file.

    Raises:
        LogError: if it does not hold one, or is readable by others.
    """
    if file.stat().st_mode & 0o077:
        raise LogError(f"{file} is readable by others: set its mode to 0600.")
    try:
        key = serialization.load_pem_private_key(file.read_bytes(), password=None)
    except (ValueError, TypeError) as error:
        raise LogError(f"{file} does not hold an unencrypted private key: {error}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise LogError(f"{file} does not hold an Ed25519 key: make one with --new-key.")
    return key


def read_public_key(file: Path) -> bytes:
    """Return the 32 bytes of the public key in a PEM file.

    Raises:
        LogError: if it does not hold one.
    """
    try:
        key = serialization.load_pem_public_key(file.read_bytes())
    except ValueError as error:
        raise LogError(f"{file} does not hold a public key: {error}") from None
    if not isinstance(key, Ed25519PublicKey):
        raise LogError(f"{file} does not hold an Ed25519 key.")
    return key.public_bytes(*_RAW)


def public_half(key: Ed25519PrivateKey) -> bytes:
    """Return the 32 bytes of a private key's public key."""
    return key.public_key().public_bytes(*_RAW)


def is_signed(public: bytes, signature: bytes, signed: bytes) -> bool:
    """Return whether the signature of these bytes is valid for this key."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, signed)
    except (InvalidSignature, ValueError):
        return False
    return True


def with_signature(line: bytes, key: Ed25519PrivateKey) -> bytes:
    """Return a line of one JSON object with its ``signature`` as the last key, and a newline."""
    signed = line[:-1]
    return signed + b',"signature":"%b"}\n' % key.sign(signed).hex().encode()


def without_signature(line: bytes) -> tuple[bytes, bytes] | None:
    """Return the signed bytes of a line and their signature; None if it has none."""
    parts = _SIGNED.fullmatch(line)
    return None if parts is None else (parts[1], bytes.fromhex(parts[2].decode()))
