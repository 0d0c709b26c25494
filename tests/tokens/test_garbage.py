"""Whatever somebody sends as a token, the answer is an identity or ``token_invalid``."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatlog.domain.errors import Refused
from chatlog.tokens.key import Unusable, public_keys
from chatlog.tokens.verify import Tokens

from .issuer import NOW, by_secret, claims, raw, segment, tokens, with_payload

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
NAMES = ("sub", "name", "scope", "rooms", "exp", "iat", "nbf", "jti", "aud", "iss")
HEADERS = ("alg", "typ", "kid", "crit", "b64", "zip", "jku", "jwk", "x5c")
VERIFIERS = (tokens(), tokens(audience="chat", issuer="id"))


async def is_told(token: str) -> None:
    for verifier in VERIFIERS:
        await _is_told(verifier, token)


async def _is_told(verifier: Tokens, token: str) -> None:
    code = ""
    try:
        identity = await verifier.verify(token)
    except Refused as refused:
        code = refused.code
    if not code:
        assert 1 <= len(identity.subject) <= 128
        assert identity.expires_at is not None
        assert identity.expires_at > NOW
    assert code in {"", "token_invalid"}


@given(st.text())
async def test_any_text(token: str) -> None:
    await is_told(token)


@given(st.lists(st.binary(max_size=60), min_size=2, max_size=4))
async def test_any_segments(parts: list[bytes]) -> None:
    await is_told(".".join(map(segment, parts)))


@given(st.dictionaries(st.sampled_from(HEADERS), JSON | st.just("HS256"), max_size=5))
async def test_any_header_that_is_signed(header: dict[str, Any]) -> None:
    await is_told(raw(json.dumps(header).encode(), json.dumps(claims()).encode()))
    await is_told(
        raw(json.dumps({**header, "alg": "HS256"}).encode(), json.dumps(claims()).encode())
    )


@given(st.dictionaries(st.sampled_from(NAMES) | st.text(), JSON, max_size=6))
@settings(max_examples=300)
async def test_any_claims_that_are_signed(said: dict[str, Any]) -> None:
    await is_told(with_payload(json.dumps(said).encode()))
    await is_told(with_payload(json.dumps({**claims(), **said}).encode()))


@given(st.binary())
async def test_any_payload_that_is_signed(payload: bytes) -> None:
    await is_told(with_payload(payload))


@given(st.integers(min_value=0), st.integers(0, 255))
async def test_any_byte_of_a_good_token_changed(place: int, byte: int) -> None:
    token = by_secret(claims())
    place %= len(token)
    await is_told(token[:place] + chr(byte) + token[place + 1 :])


KEY_NAMES = ("kty", "kid", "use", "alg", "key_ops", "crv", "x", "y", "n", "e", "d", "k")
KEY_WORDS = ("RSA", "EC", "OKP", "oct", "P-256", "Ed25519", "ES256", "AQAB", "sig", "verify", "AA")


@given(st.lists(st.dictionaries(st.sampled_from(KEY_NAMES), JSON | st.sampled_from(KEY_WORDS))))
async def test_any_set_of_keys_is_read_or_refused(listed: list[dict[str, Any]]) -> None:
    with contextlib.suppress(Unusable):
        assert public_keys(json.dumps({"keys": listed}).encode()).keys


@given(JSON)
async def test_any_json_instead_of_a_set_of_keys_is_refused(document: Any) -> None:
    for content in (document, {"keys": document}):
        with pytest.raises(Unusable):
            public_keys(json.dumps(content).encode())


@given(st.binary())
async def test_any_bytes_instead_of_keys_are_refused(content: bytes) -> None:
    for whole in (content, b"-----BEGIN PUBLIC KEY-----" + content + b"-----END PUBLIC KEY-----"):
        with pytest.raises(Unusable):
            public_keys(whole)
