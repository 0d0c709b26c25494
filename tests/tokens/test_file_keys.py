"""Files of keys: refused at the start, read anew later, never half."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from chatlog.domain.errors import LogError, Refused
from chatlog.settings import Settings
from chatlog.tokens import file_keys
from chatlog.tokens.file_keys import MAX_BYTES, FileKeys, read_secret
from chatlog.tokens.keys import load_keys
from tests.support.server import until

from .issuer import SECRET, Signer, claims, jwks, tokens


@pytest.fixture
def path(tmp_path: Path, ed: Signer) -> Path:
    file = tmp_path / "keys.json"
    file.write_bytes(jwks(ed))
    return file


async def test_a_key_that_replaces_another_takes_over(path: Path, ed: Signer) -> None:
    new = Signer("EdDSA", "new")
    keys = FileKeys(str(path))
    verifier = tokens(file=keys)
    old_token = ed.sign(claims())
    await verifier.verify(old_token)
    path.write_bytes(jwks(new))
    await keys.reload()
    await verifier.verify(new.sign(claims()))
    with pytest.raises(Refused):  # although it was verified before
        await verifier.verify(old_token)


async def test_a_running_server_sees_a_change_by_itself(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert file_keys.RELOAD_SECONDS <= 5 / 2
    monkeypatch.setattr(file_keys, "RELOAD_SECONDS", 0.01)
    keys = FileKeys(str(path))
    running = asyncio.create_task(keys.run())
    path.write_bytes(jwks(Signer("EdDSA", "new")))

    async def has_changed() -> bool:
        return [key.kid for key in keys.keys] == ["new"]

    await until(has_changed, 10, "the new key")
    running.cancel()


@pytest.mark.parametrize("harm", ["half", "empty", "gone", "large", "a folder"])
async def test_what_cannot_be_used_keeps_the_keys_of_before_and_is_logged_once(
    harm: str, path: Path, ed: Signer, caplog: pytest.LogCaptureFixture
) -> None:
    keys = FileKeys(str(path))
    verifier = tokens(file=keys)
    whole = path.read_bytes()
    path.unlink()
    match harm:
        case "half":
            path.write_bytes(whole[: len(whole) // 2])
        case "empty":
            path.write_bytes(b"")
        case "large":
            path.write_bytes(b" " * (MAX_BYTES + 1))
        case "a folder":
            path.mkdir()
        case _:
            assert harm == "gone"
    for _ in range(3):
        await keys.reload()
    await verifier.verify(ed.sign(claims()))
    warnings = [r for r in caplog.records if r.levelno == logging.WARNING]
    assert len(warnings) == 1
    assert str(path) in warnings[0].getMessage()


async def test_a_file_that_was_mended_is_read_and_may_be_complained_of_again(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    keys = FileKeys(str(path))
    for content in (b"{", jwks(Signer("EdDSA", "new")), b"{"):
        path.write_bytes(content)
        await keys.reload()
    assert [key.kid for key in keys.keys] == ["new"]
    assert len([r for r in caplog.records if r.levelno == logging.WARNING]) == 2


def test_a_secret_is_read_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(SECRET + b"\n")
    assert read_secret(str(tmp_path / "secret")).material == SECRET


def settings(**given: str) -> Settings:
    return Settings(auth="token", **given)  # type: ignore[arg-type]


def test_a_file_that_cannot_be_used_ends_the_start_with_a_sentence(
    tmp_path: Path, rsa: Signer
) -> None:
    bad = tmp_path / "bad"
    for option in ("token_secret_file", "token_keys"):
        with pytest.raises(LogError, match="No such file"):
            load_keys(settings(**{option: str(bad)}))
    bad.write_bytes(rsa.private_pem)
    with pytest.raises(LogError, match=r"^--token-keys .* is private.*\.$"):
        load_keys(settings(token_keys=str(bad)))
    bad.write_bytes(b"short")
    with pytest.raises(LogError, match=r"^--token-secret-file .* 32 or more\.$"):
        load_keys(settings(token_secret_file=str(bad)))


def test_no_key_at_all_is_refused_with_a_sentence() -> None:
    with pytest.raises(LogError, match="needs a key"):
        load_keys(settings())
