"""Keys from secrets, JWK Sets and PEM: what can be used, and what is said of the rest."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from chatlog.tokens.key import MAX_KEYS, Unusable, key_of_secret, public_keys

from .issuer import SECRET, Signer, jwks

Make = Callable[[Signer], dict[str, Any]]


@pytest.mark.parametrize("ending", [b"", b"\n", b"\r\n"])
def test_one_final_newline_of_a_secret_does_not_count(ending: bytes) -> None:
    assert key_of_secret(SECRET + ending).material == SECRET
    assert key_of_secret(SECRET + b"\n" + ending).material == SECRET + (b"\n" if ending else b"")


@pytest.mark.parametrize("content", [b"", b"\n", SECRET[:-1], SECRET[:-1] + b"\n", SECRET[:30]])
def test_a_short_secret_is_refused(content: bytes) -> None:
    with pytest.raises(Unusable, match="32 or more"):
        key_of_secret(content)


def test_a_key_of_another_kind_is_no_secret(rsa: Signer, ed: Signer) -> None:
    for content in (rsa.pem, rsa.private_pem, json.dumps(ed.jwk()).encode(), jwks(ed)):
        with pytest.raises(Unusable, match="instead of a secret"):
            key_of_secret(content)


UNUSABLE: dict[str, tuple[Make, str]] = {
    "private": (lambda signer: signer.jwk(private=True), "is private"),
    "symmetric": (lambda _: {"kty": "oct", "k": "c2VjcmV0" * 10}, "symmetric"),
    "unknown": (lambda _: {"kty": "XYZ"}, "unknown type"),
    "no type": (lambda _: {"kid": "a"}, "unknown type"),
    "a list as type": (lambda _: {"kty": ["RSA"]}, "unknown type"),
    "small": (lambda _: Signer("RS256", bits=1024).jwk(), "too small"),
    "another curve": (lambda _: Signer("ES384").jwk(), "another kind"),
    "another algorithm": (lambda signer: signer.jwk(alg="RS512"), "another algorithm"),
    "encryption": (lambda signer: signer.jwk(use="enc"), "it is empty"),
    "signing": (lambda signer: signer.jwk(key_ops=["sign"]), "it is empty"),
    "strange operations": (lambda signer: signer.jwk(key_ops=1), "it is empty"),
    "number as id": (lambda signer: signer.jwk(kid=7), "`kid`"),
    "half a key": (lambda signer: {**signer.jwk(), "x": "AA"}, "cannot be read"),
    "numbers": (lambda signer: {**signer.jwk(), "x": 1}, "cannot be read"),
    "even exponent": (lambda _: {"kty": "RSA", "n": "A" * 400, "e": "AA"}, "cannot be read"),
}


@pytest.mark.parametrize(("make", "reason"), UNUSABLE.values(), ids=UNUSABLE)
def test_a_key_that_cannot_be_used_is_left_out_with_a_reason(
    make: Make, reason: str, ed: Signer, es: Signer
) -> None:
    bad = make(ed)
    with pytest.raises(Unusable, match=reason):
        public_keys(jwks(bad))
    found = public_keys(jwks(bad, es))
    assert [key.kid for key in found.keys] == ["es"]
    assert all(reason in said and said.startswith("key 1 ") for said in found.skipped)


@pytest.mark.parametrize("entry", ["key", None, 1, []])
def test_what_is_no_key_is_left_out(entry: Any, ed: Signer) -> None:
    found = public_keys(jwks(entry, ed))
    assert [key.kid for key in found.keys] == ["ed"]
    assert found.skipped == ("key 1 is not an object",)


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{}", b"[]", b"null", b'{"keys":{}}', b'{"keys":[]}', b"\xff", b"[" * 100_000),
        *(b'{"keys":[', b"-----BEGIN PUBLIC KEY-----\n"),
    ],
)
def test_what_is_no_set_of_keys_is_refused(content: bytes) -> None:
    with pytest.raises(Unusable):
        public_keys(content)


def test_pem_may_hold_several_keys_and_comments(rsa: Signer, ed: Signer, es: Signer) -> None:
    found = public_keys(b"Ours:\n" + rsa.pem + b"\n" + ed.pem + es.pem)
    assert [key.algorithm for key in found.keys] == ["RS256", "EdDSA", "ES256"]


@pytest.mark.parametrize("cut", [20, 60, -5, -30])
def test_half_of_a_pem_file_is_refused_whole(cut: int, rsa: Signer, ed: Signer) -> None:
    with pytest.raises(Unusable, match="incomplete"):
        public_keys(rsa.pem + ed.pem[:cut])


def test_a_private_key_in_pem_is_refused_and_not_quoted(rsa: Signer, ed: Signer) -> None:
    with pytest.raises(Unusable, match="is private") as refused:
        public_keys(rsa.private_pem)
    assert rsa.private_pem.decode().splitlines()[1] not in str(refused.value)
    assert [key.algorithm for key in public_keys(rsa.private_pem + ed.pem).keys] == ["EdDSA"]


def test_more_keys_than_are_ever_needed_are_left_out(ed: Signer) -> None:
    found = public_keys(jwks(*[ed] * (MAX_KEYS + 2)))
    assert len(found.keys) == MAX_KEYS
    assert len(found.skipped) == 2


def test_a_key_is_not_shown() -> None:
    assert SECRET.decode() not in repr(key_of_secret(SECRET))
