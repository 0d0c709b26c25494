"""Ed25519 keys of the operator: made, kept in PEM files, used to sign a statement.

The private key never lies beside the log: who can rewrite the log could sign again. The
files are what openssl reads and writes, so nobody needs this program to check.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from chatlog.domain.errors import LogError

_RAW: Final = (serialization.Encoding.Raw, serialization.PublicFormat.Raw)
_PEM: Final = serialization.Encoding.PEM


def make_key(file: Path) -> Path:
    """Write a new private key to ``file`` (mode 0600), its public half beside it; return that.

    Raises:
        LogError: if one of the two files exists.
    """
    public = file.with_name(f"{file.name}.pub")
    key = Ed25519PrivateKey.generate()
    plain = serialization.NoEncryption()
    private_pem = key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, plain)
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    if public.exists():
        raise LogError(f"{public} is there already: no key is overwritten.")
    _write_new(file, private_pem, 0o600)
    _write_new(public, key.public_key().public_bytes(_PEM, spki), 0o644)
    return public


def _write_new(file: Path, content: bytes, mode: int) -> None:
    try:
        opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError:
        raise LogError(f"{file} is there already: no key is overwritten.") from None
    with os.fdopen(opened, "wb") as out:
        out.write(content)


def read_key(file: Path) -> Ed25519PrivateKey:
    """Return the private key in a PEM file.

    Raises:
        LogError: if it holds none, or one that others may read.
    """
    if file.stat().st_mode & 0o077:
        raise LogError(f"{file} can be read by others: its mode must be 0600.")
    try:
        key = serialization.load_pem_private_key(file.read_bytes(), password=None)
    except (ValueError, TypeError) as error:
        raise LogError(f"{file} holds no private key without a password: {error}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise LogError(f"{file} holds a key of another kind: make one with --new-key.")
    return key


def read_public_key(file: Path) -> bytes:
    """Return the 32 bytes of the public key in a PEM file.

    Raises:
        LogError: if it holds none.
    """
    try:
        key = serialization.load_pem_public_key(file.read_bytes())
    except ValueError as error:
        raise LogError(f"{file} holds no public key: {error}") from None
    if not isinstance(key, Ed25519PublicKey):
        raise LogError(f"{file} holds a key of another kind than Ed25519.")
    return key.public_bytes(*_RAW)


def public_half(key: Ed25519PrivateKey) -> bytes:
    """Return the 32 bytes of the public key that belongs to a private one."""
    return key.public_key().public_bytes(*_RAW)


def is_signed(public: bytes, signature: bytes, signed: bytes) -> bool:
    """Return whether the holder of this key has signed these bytes."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, signed)
    except (InvalidSignature, ValueError):
        return False
    return True
