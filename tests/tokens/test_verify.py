"""A token proves who somebody is, or is refused with a sentence that quotes nothing of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from chatlog.domain.errors import Refused
from chatlog.domain.identity import Identity
from chatlog.tokens.file_keys import FileKeys
from chatlog.tokens.key import key_of_secret
from chatlog.tokens.verify import MAX_REMEMBERED, Tokens

from .issuer import (
    NOW,
    SECRET,
    Clock,
    Signer,
    by_secret,
    claims,
    jwks,
    raw,
    segment,
    tokens,
    with_payload,
)


async def refusal(verifier: Tokens, token: str) -> str:
    """The sentence with which a token is refused."""
    with pytest.raises(Refused) as refused:
        await verifier.verify(token)
    assert refused.value.code == "token_invalid"
    sentence = refused.value.sentence
    assert all(part not in sentence for part in token.split(".") if len(part) > 8)
    assert "u-17" not in sentence
    return sentence


async def test_a_token_says_who_somebody_is() -> None:
    said = claims(name="Ada", scope="audit other", rooms={"general": "owner"}, jti="t-1", extra=[1])
    assert await tokens().verify(by_secret(said)) == Identity(
        "u-17",
        "Ada",
        frozenset({"audit"}),
        {"general": "owner"},
        expires_at=NOW + 3_600,
        issued_at=NOW - 60,
        token_id="t-1",
    )


async def test_a_token_needs_only_a_subject_and_an_end() -> None:
    identity = await tokens().verify(by_secret(claims(iat=None)))
    assert (identity.subject, identity.name, identity.issued_at) == ("u-17", None, None)


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
@pytest.mark.parametrize("form", ["PEM", "JWK Set"])
async def test_each_algorithm_is_verified_with_a_key_of_its_kind(
    algorithm: str, form: str, tmp_path: Path
) -> None:
    signer, stranger = Signer(algorithm), Signer(algorithm)
    (tmp_path / "keys").write_bytes(signer.pem if form == "PEM" else jwks(signer))
    verifier = tokens(file=FileKeys(str(tmp_path / "keys")))
    assert (await verifier.verify(signer.sign(claims()))).subject == "u-17"
    assert "signature" in await refusal(verifier, stranger.sign(claims()))


async def test_a_public_key_does_not_serve_as_a_secret(rsa: Signer, tmp_path: Path) -> None:
    (tmp_path / "keys").write_bytes(rsa.pem)
    forged = [
        raw(b'{"alg":"HS256","typ":"JWT"}', json.dumps(claims()).encode(), secret)
        for secret in (rsa.pem, rsa.pem.strip(), jwks(rsa))
    ]
    for both in (None, key_of_secret(SECRET)):
        verifier = tokens(secret=both, file=FileKeys(str(tmp_path / "keys")))
        for token in forged:
            assert "signature" in await refusal(verifier, token)


@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE", "", "HS384", "RS512", "PS256"])
async def test_other_algorithms_and_none_are_refused(name: str) -> None:
    header, payload = json.dumps({"alg": name}).encode(), json.dumps(claims()).encode()
    assert "algorithm" in await refusal(tokens(), raw(header, payload))
    unsigned = f"{segment(header)}.{segment(payload)}."
    assert "malformed" in await refusal(tokens(), unsigned)


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"alg": None},
        {"alg": ["HS256"]},
        {"alg": {"HS256": 1}},
        {"alg": "HS256", "crit": ["exp"], "exp": 1},
        {"alg": "HS256", "crit": []},
        {"alg": "HS256", "crit": ["b64"], "b64": False},
        {"alg": "HS256", "crit": ["b64"], "b64": True},
        {"alg": "HS256", "b64": False},
        {"alg": "HS256", "kid": 1},
        {"alg": "HS256", "kid": None},
    ],
    ids=json.dumps,
)
async def test_a_header_that_is_not_in_form_is_refused(header: dict[str, Any]) -> None:
    await refusal(tokens(), raw(json.dumps(header).encode(), json.dumps(claims()).encode()))


@pytest.mark.parametrize(
    "token",
    ["", ".", "..", "a.b.c", "a.b", "a.b.c.d", "é.é.é", " ", "\ud800", "Bearer x", "a" * 9_000],
)
async def test_what_is_no_token_is_refused(token: str) -> None:
    await refusal(tokens(), token)


async def test_a_missing_token_is_said_to_be_missing() -> None:
    assert "missing" in await refusal(tokens(), "")


async def test_a_token_is_refused_by_its_size_before_it_is_decoded() -> None:
    token = by_secret(claims(extra="x" * 500))
    assert "bytes" in await refusal(tokens(max_token_bytes=len(token) - 1), token)
    await tokens(max_token_bytes=len(token)).verify(token)


async def test_a_changed_token_is_refused() -> None:
    header, payload, signature = by_secret(claims()).split(".")
    other = segment(json.dumps(claims(sub="root")).encode())
    assert "signature" in await refusal(tokens(), f"{header}.{other}.{signature}")
    wrong = segment(b"\0" * 32)
    assert "signature" in await refusal(tokens(), f"{header}.{payload}.{wrong}")


async def test_an_end_has_no_leeway_and_counts_for_remembered_tokens() -> None:
    clock = Clock()
    verifier, token = tokens(clock=clock), by_secret(claims(exp=NOW + 10))
    await verifier.verify(token)
    clock.now = NOW + 9.999
    await verifier.verify(token)
    clock.now = NOW + 10
    assert "expired" in await refusal(verifier, token)
    clock.now = NOW
    await verifier.verify(token)


@pytest.mark.parametrize("claim", ["nbf", "iat"])
async def test_an_issuers_clock_may_be_30_seconds_ahead(claim: str) -> None:
    clock = Clock()
    verifier = tokens(clock=clock)
    await verifier.verify(by_secret(claims(**{claim: NOW + 30})))
    token = by_secret(claims(**{claim: NOW + 30.5}))
    assert "not yet valid" in await refusal(verifier, token)
    clock.now = NOW + 1
    await verifier.verify(token)


@pytest.mark.parametrize(
    ("expected", "said", "is_good"),
    [
        ("", None, True),
        ("", "chat", False),
        ("", [], False),
        ("", "", False),
        ("chat", None, False),
        ("chat", "chat", True),
        ("chat", ["other", "chat"], True),
        ("chat", ["other"], False),
        ("chat", "chatter", False),
        ("chat", [], False),
        ("chat", [["chat"]], False),
        ("chat", ["chat", 1], False),
        ("chat", {"chat": 1}, False),
    ],
)
async def test_a_token_must_be_meant_for_this_audience(
    expected: str, said: Any, is_good: bool
) -> None:
    verifier, token = tokens(audience=expected), by_secret(claims(aud=said))
    if is_good:
        await verifier.verify(token)
    else:
        assert "aud" in await refusal(verifier, token)


async def test_an_audience_of_null_is_malformed() -> None:
    said = json.dumps({**claims(), "aud": None}).encode()
    for expected in ("", "chat"):
        assert "`aud`" in await refusal(tokens(audience=expected), with_payload(said))


async def test_a_token_must_be_of_the_trusted_issuer() -> None:
    verifier = tokens(issuer="https://id.example")
    await verifier.verify(by_secret(claims(iss="https://id.example")))
    for said in (None, "https://id.example/", "other"):
        assert "issuer" in await refusal(verifier, by_secret(claims(iss=said)))
    await tokens().verify(by_secret(claims(iss="anybody")))


@pytest.mark.parametrize("claim", ["exp", "nbf", "iat"])
@pytest.mark.parametrize(
    "value",
    [
        *("NaN", "Infinity", "-Infinity", "1e999", "-1", "-0.5", "true", "null", "[]", "{}"),
        *('"1800003600"', "1" * 30, "1" * 5_000, "253402300800", "1e18"),
    ],
)
async def test_a_time_that_is_none_is_refused_and_breaks_nothing(claim: str, value: str) -> None:
    said = json.dumps(claims(**{claim: 0})).replace(f'"{claim}": 0', f'"{claim}": {value}')
    assert "malformed" in await refusal(tokens(), with_payload(said.encode()))


async def test_a_token_without_an_end_is_refused() -> None:
    assert "`exp`" in await refusal(tokens(), by_secret(claims(exp=None)))


BAD: dict[str, list[Any]] = {
    "sub": ["", 17, None, ["u"], "a\nb", "a\0", "\ud800", "(u)", "u" * 129],
    "name": ["", 1, None, " a", "(a)", "a\u202eb", "n" * 65, {}, "e\u0301"],
    "scope": [["admin"], 1, None, {}, True],
    "rooms": [
        *(["general"], "general", None, 1),
        *({"general": role} for role in ("king", "", 1, None, ["owner"])),
        *({room: "owner"} for room in ("", " a", "a/b", "a" * 65)),
    ],
    "jti": ["", 1, None, "a\n", "j" * 257],
    "iss": [1, None],
}
BAD_CLAIMS = [(claim, value) for claim, values in BAD.items() for value in values]


@pytest.mark.parametrize(("claim", "value"), BAD_CLAIMS)
async def test_a_claim_that_is_not_in_form_is_named(claim: str, value: Any) -> None:
    said = json.dumps({**claims(), claim: value}).encode()
    assert f"`{claim}` is malformed" in await refusal(tokens(), with_payload(said))


@pytest.mark.parametrize(
    "payload", [b"", b"[]", b"null", b"1", b'"a"', b"{", b"\xff", b"[" * 5_000, b'{"a":1}\0']
)
async def test_claims_that_are_no_object_are_refused(payload: bytes) -> None:
    await refusal(tokens(), with_payload(payload))


async def test_a_subject_may_be_anything_printable() -> None:
    for subject in ("auth0|5f7c", "ada@example.com", "a/b c", "日本", "u" * 128, "(", "(a)b"):
        assert (await tokens().verify(by_secret(claims(sub=subject)))).subject == subject


async def test_revocations_count_for_remembered_tokens() -> None:
    revoked: set[str] = set()
    verifier = tokens(is_revoked=lambda identity: identity.subject in revoked)
    token = by_secret(claims())
    await verifier.verify(token)
    revoked.add("u-17")
    assert "revoked" in await refusal(verifier, token)


async def test_the_memory_of_verified_tokens_is_bounded() -> None:
    verifier = tokens()
    for number in range(MAX_REMEMBERED + 10):
        await verifier.verify(by_secret(claims(jti=str(number))))
    assert len(verifier._remembered) == MAX_REMEMBERED
