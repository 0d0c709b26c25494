"""A certificate says what an erasure erased where, and ``verify`` checks that it did."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import chatlog, refused
from tests.support.people_log import SECRETS, people_on

ERASE = ("erase-user", "bob", "--reason", "asked for", "--by", "root")


@pytest.fixture
def url(database_url: str) -> str:
    asyncio.run(people_on(database_url))
    return database_url


@pytest.fixture
def key(tmp_path: Path) -> Path:
    chatlog("checkpoint", "--new-key", tmp_path / "key.pem")
    return tmp_path / "key.pem"


def certified(url: str, folder: Path, *more: object) -> Path:
    file = folder / "certificate.json"
    chatlog(*ERASE, "--certificate", file, *more, "--database", url)
    return file


def verified(url: str, file: Path, *more: object, status: int = 0) -> str:
    options = ("--certificate", file, *more, "--database", url)
    done = chatlog("verify", *options, status=status)
    return done.stdout + done.stderr


def test_a_signed_certificate_names_erasures_and_nobody(url: str, key: Path) -> None:
    file = certified(url, key.parent, "--key", key)
    text = file.read_text()
    assert [secret for secret in SECRETS if secret in text] == []
    assert file.stat().st_mode & 0o777 == 0o600
    said = json.loads(text)
    assert (said["by"], said["reason"], said["scrubbed"]) == ("root", "asked for", True)
    for stated in said["erasures"]:
        lines = chatlog("export", stated["room"], "--database", url).stdout.splitlines()
        event = json.loads(lines[stated["seq"] - 1])
        assert (event["type"], event["of"]) == ("erasure", stated["of"])
        assert (event["proof"]["hash"], event["at"]) == (stated["hash"], stated["at"])
    assert {stated["room"] for stated in said["erasures"]} == {"general", "desk"}
    told = verified(url, file, "--public-key", f"{key}.pub")
    erased = sum(len(stated["of"]) for stated in said["erasures"])
    assert f"The certificate holds: {erased} events in 2 rooms erased." in told
    assert "was not checked" not in told


def test_it_holds_for_one_room_and_after_an_import(url: str, key: Path) -> None:
    file = certified(url, key.parent, "--key", key)
    elsewhere = f"sqlite:///{key.parent / 'elsewhere.db'}"
    for room in ("general", "desk"):
        exported = key.with_name(f"{room}.jsonl")
        exported.write_text(chatlog("export", room, "--database", url).stdout)
        chatlog("import", exported, "--format", "jsonl", "--database", elsewhere)
    assert "The certificate holds" in verified(elsewhere, file, "--public-key", f"{key}.pub")
    options = ("verify", "desk", "--certificate", file, "--database", url)
    assert "The certificate holds" in chatlog(*options).stdout


def test_without_a_key_it_is_said_that_anybody_may_have_written_it(url: str, key: Path) -> None:
    file = certified(url, key.parent)
    assert "anybody may have written it" in verified(url, file)
    assert "not signed" in verified(url, file, "--public-key", f"{key}.pub", status=1)


@pytest.mark.parametrize("change", ["hash", "of", "room_id"])
def test_a_certificate_that_the_log_does_not_bear_out_is_status_1(
    url: str, tmp_path: Path, change: str
) -> None:
    file = certified(url, tmp_path)
    said: dict[str, Any] = json.loads(file.read_text())
    stated = said["erasures"][0]
    stated[change] = {"hash": "0" * 64, "of": [1, *stated["of"]], "room_id": "0" * 32}[change]
    file.write_text(json.dumps(said))
    assert "not the erasure that the certificate states" in verified(url, file, status=1)


def test_a_changed_or_wrongly_signed_file_is_status_1(url: str, key: Path) -> None:
    file = certified(url, key.parent, "--key", key)
    other = key.with_name("other.pem")
    chatlog("checkpoint", "--new-key", other)
    assert "this key" in verified(url, file, "--public-key", f"{other}.pub", status=1)
    text = file.read_text()
    for changed in (
        text.replace('"by":"root"', '"by":"toor"'),
        text.partition(',"signature"')[0] + "}\n",
    ):
        file.write_text(changed)
        assert "was changed" in verified(url, file, status=1)
    for none in ("", "[]", "{}", '{"format":"chatlog-erasure-1"}', "[" * 100_000):
        file.write_text(none)
        assert "not a certificate" in verified(url, file, status=1)


def test_nothing_is_erased_where_the_certificate_cannot_be(url: str, key: Path) -> None:
    before = chatlog("history", "general", "--database", url).stdout
    taken = key.with_name("taken.json")
    taken.write_text("mine")
    at = ("--database", url)
    assert "exists" in chatlog(*ERASE, "--certificate", taken, *at, status=2).stderr
    assert taken.read_text() == "mine"
    bad = ("--certificate", key.with_name("new.json"), "--key", f"{key}.pub")
    refused(*ERASE, *bad, *at)
    refused(*ERASE, "--key", key, *at)
    assert chatlog("history", "general", "--database", url).stdout == before
    nobody = ("erase-user", "nobody", "--reason", "x", "--certificate", key.with_name("n.json"))
    refused(*nobody, *at)
    assert not key.with_name("n.json").exists()
