"""A token's key id says which key is asked; its algorithm says of which kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatlog.domain.errors import Refused
from chatlog.tokens.file_keys import FileKeys
from chatlog.tokens.key import key_of_secret
from chatlog.tokens.verify import Tokens

from .issuer import SECRET, Signer, by_secret, claims, jwks, tokens


def with_keys(tmp_path: Path, *keys: Signer, secret: bool = False) -> Tokens:
    (tmp_path / "keys").write_bytes(jwks(*keys))
    return tokens(
        secret=key_of_secret(SECRET) if secret else None, file=FileKeys(str(tmp_path / "keys"))
    )


async def is_accepted(verifier: Tokens, token: str) -> bool:
    try:
        await verifier.verify(token)
    except Refused:
        return False
    return True


async def test_a_token_with_a_key_id_is_checked_with_the_key_of_that_id_alone(
    tmp_path: Path,
) -> None:
    one, two = Signer("EdDSA", "one"), Signer("EdDSA", "two")
    verifier = with_keys(tmp_path, one, two)
    assert await is_accepted(verifier, one.sign(claims()))
    assert await is_accepted(verifier, two.sign(claims()))
    assert not await is_accepted(verifier, one.sign(claims(), kid="two"))
    assert not await is_accepted(verifier, one.sign(claims(), kid="three"))


async def test_a_token_without_a_key_id_is_tried_with_every_key_of_its_kind(
    tmp_path: Path, es: Signer
) -> None:
    one, two = Signer("EdDSA", "one"), Signer("EdDSA", "two")
    verifier = with_keys(tmp_path, es, one, two)
    for signer in (one, two, es):
        assert await is_accepted(verifier, signer.without_kid().sign(claims()))


async def test_a_key_id_does_not_lead_to_a_key_of_another_kind(tmp_path: Path, ed: Signer) -> None:
    verifier = with_keys(tmp_path, ed, secret=True)
    assert not await is_accepted(verifier, by_secret(claims(), kid="ed"))


async def test_several_keys_may_have_one_id(tmp_path: Path) -> None:
    old, new = Signer("EdDSA", "k"), Signer("EdDSA", "k")
    verifier = with_keys(tmp_path, old, new)
    assert await is_accepted(verifier, old.sign(claims()))
    assert await is_accepted(verifier, new.sign(claims()))


async def test_keys_without_an_id_are_tried_where_no_key_has_the_tokens(tmp_path: Path) -> None:
    signer = Signer("EdDSA")
    (tmp_path / "keys").write_bytes(signer.pem)
    verifier = tokens(file=FileKeys(str(tmp_path / "keys")))
    assert await is_accepted(verifier, signer.sign(claims(), kid="of the provider"))
    assert await is_accepted(tokens(), by_secret(claims(), kid="any"))


@pytest.mark.parametrize("said", ["EdDSA", "Ed25519"])
async def test_both_names_of_the_algorithm_of_ed25519_are_known_in_a_jwk(
    said: str, tmp_path: Path, ed: Signer
) -> None:
    (tmp_path / "keys").write_bytes(jwks(ed.jwk(alg=said, use="sig", key_ops=["verify"])))
    verifier = tokens(file=FileKeys(str(tmp_path / "keys")))
    assert await is_accepted(verifier, ed.sign(claims()))
