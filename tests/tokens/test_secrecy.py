"""No token and no secret occurs in a log line, an error, or what is shown of an object."""

from __future__ import annotations

import contextlib
import logging
import traceback
from pathlib import Path

import pytest

from chatlog.domain.errors import ChatlogError, Refused
from chatlog.tokens.file_keys import FileKeys, read_secret
from chatlog.tokens.key import Unusable, key_of_secret, public_keys

from .issuer import SECRET, Signer, by_secret, claims, jwks, tokens


def _shown(error: BaseException) -> str:
    return "".join(traceback.format_exception(error)) + repr(error)


async def test_a_refused_token_is_in_no_error_and_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    verifier = tokens(max_token_bytes=400, issuer="id")
    good = by_secret(claims(iss="id"))
    header, payload, signature = good.split(".")
    for token in (
        f"{header}.{payload}.{'A' * 43}",
        f"{header}.{payload}.{signature}.{signature}",
        f"{payload}.{header}.{signature}",
        by_secret(claims()),
        by_secret(claims(iss="id", sub="(hunter2)")),
        by_secret(claims(iss="id", name="hunter2\n")),
        by_secret(claims(iss="id", rooms={"hunter2": "hunter2"})),
        by_secret(claims(iss="id", aud="hunter2")),
        by_secret(claims(iss="id", exp=1)),
        by_secret(claims(iss="id", extra="hunter2" * 100)),
    ):
        with pytest.raises(Refused) as refused:
            await verifier.verify(token)
        said = refused.value.sentence + caplog.text
        for part in (*token.split("."), "hunter2"):
            assert part not in said
    await verifier.verify(good)
    assert good not in caplog.text


def test_a_private_key_is_in_no_error(rsa: Signer, ed: Signer) -> None:
    private = rsa.jwk(private=True)
    for content in (rsa.private_pem, jwks(private), jwks({**private, "kty": "EC"})):
        with pytest.raises(Unusable) as refused:
            public_keys(content)
        shown = _shown(refused.value)
        assert private["d"] not in shown
        assert rsa.private_pem.decode().splitlines()[3] not in shown
    assert "d" not in repr(public_keys(jwks(private, ed)).skipped).split()


async def test_a_secret_is_in_no_error_and_no_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    file = tmp_path / "secret"
    for content in (b"hunter2hunter2", b'{"kty":"oct","k":"hunter2hunter2hunter2"}'):
        file.write_bytes(content)
        for use in (read_secret, FileKeys):
            with pytest.raises(ChatlogError) as refused:
                use(str(file))
            assert "hunter2" not in str(refused.value)
            assert refused.value.__cause__ is None
    with contextlib.suppress(Unusable):
        public_keys(SECRET)
    assert SECRET.decode() not in repr(key_of_secret(SECRET)) + caplog.text
