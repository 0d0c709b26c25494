"""One pair of keys of each kind: RSA keys take long to make."""

from __future__ import annotations

import pytest

from .issuer import Signer


@pytest.fixture(scope="session")
def rsa() -> Signer:
    return Signer("RS256")


@pytest.fixture(scope="session")
def ed() -> Signer:
    return Signer("EdDSA", "ed")


@pytest.fixture(scope="session")
def es() -> Signer:
    return Signer("ES256", "es")
