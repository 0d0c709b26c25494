"""A signed checkpoint finds what a chain cannot: a log cut off or written anew."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from tests.cli.command import chatlog, imported, refused
from tests.support.damage import LINES, change, two_small_rooms

ROOT = Path(__file__).parents[2]


@pytest.fixture
def database(database_url: str, tmp_path: Path) -> str:
    return two_small_rooms(database_url, tmp_path)


@pytest.fixture
def key(tmp_path: Path) -> Path:
    chatlog("checkpoint", "--new-key", tmp_path / "key.pem")
    return tmp_path / "key.pem"


@pytest.fixture
def taken(database: str, key: Path) -> Path:
    out = key.with_name("checkpoint.json")
    chatlog("checkpoint", "--key", key, "--out", out, "--database", database)
    return out


def wrong(database: str, taken: Path, *more: object) -> dict[str, tuple[int, str]]:
    options = ("--checkpoint", taken, "--json", *more, "--database", database)
    found = json.loads(chatlog("verify", *options, status=1).stdout)
    return {r["room"]: (r["wrong"], r["why"]) for r in found["rooms"] if not r["ok"]}


def test_a_log_that_only_grew_agrees_with_its_checkpoint(database: str, taken: Path) -> None:
    later = taken.with_name("2006-12-11.small.txt")
    later.write_text(LINES)
    imported(database, later, "#small")
    public = ("--public-key", taken.with_name("key.pem.pub"))
    said = chatlog("verify", "--checkpoint", taken, *public, "--database", database).stdout
    assert "Verified 30 events in 2 rooms: checked" in said
    assert "from each room's first event on" in said
    since = ("--checkpoint", taken, *public, "--since-checkpoint", "--json")
    found = json.loads(chatlog("verify", *since, "--database", database).stdout)
    assert (found["events"], [room["since"] for room in found["rooms"]]) == (10, [10, 10])
    assert "only for events after that checkpoint" in found["covered"]
    change(database, "UPDATE events SET text = 'X' WHERE room_id = 1 AND seq = 12")
    assert wrong(database, taken, "--since-checkpoint")["#small"][0] == 12


def test_a_room_whose_end_is_cut_off_is_found(database: str, taken: Path) -> None:
    change(
        database,
        "DELETE FROM events WHERE room_id = 2 AND seq > 8",
        "UPDATE sessions SET left_seq = NULL, left_at = NULL, cause = NULL "
        "WHERE room_id = 2 AND left_seq > 8",
    )
    chatlog("verify", "--database", database)  # a chain does not show it
    assert wrong(database, taken) == {
        "#other": (9, "it is missing: the room was truncated after the checkpoint")
    }
    assert wrong(database, taken, "--since-checkpoint") == {
        "#other": (9, "it is missing: the room was truncated after the checkpoint")
    }


def test_it_holds_after_an_export_and_an_import(taken: Path, database: str, tmp_path: Path) -> None:
    restored = f"sqlite:///{tmp_path / 'restored.db'}"
    for room in ("#other", "#small"):  # so that each event has another position
        exported = tmp_path / "export.jsonl"
        exported.write_text(chatlog("export", room, "--database", database).stdout)
        chatlog("import", exported, "--format", "jsonl", "--database", restored)
    chatlog("verify", "--checkpoint", taken, "--database", restored)
    chatlog("verify", "--checkpoint", taken, "--since-checkpoint", "--database", restored)
    change(
        restored,
        "DELETE FROM events WHERE room_id = 2 AND seq > 8",
        "UPDATE sessions SET left_seq = NULL, left_at = NULL, cause = NULL "
        "WHERE room_id = 2 AND left_seq > 8",
    )
    assert wrong(restored, taken)["#small"] == (
        9, "it is missing: the room was truncated after the checkpoint"
    )  # fmt: skip


def test_a_log_that_was_written_anew_is_found(taken: Path, tmp_path: Path) -> None:
    forged = f"sqlite:///{tmp_path / 'forged.db'}"
    imported(forged, tmp_path / "2006-12-10.small.txt", "#small")
    rooms = wrong(forged, taken)
    assert rooms["#small"] == (1, "the room has been removed since the checkpoint")
    options = ("--checkpoint", taken, "--database", forged)
    assert "another log" in chatlog("verify", *options, status=1).stdout


def test_a_chain_computed_anew_under_the_same_room_is_found(database: str, taken: Path) -> None:
    said = json.loads(taken.read_text())
    said["rooms"][0]["hash"] = "0" * 64
    forged = taken.with_name("forged.json")
    forged.write_text(json.dumps(said, ensure_ascii=False, separators=(",", ":")))
    options = ("--checkpoint", forged, "--database", database)
    assert "signature" in chatlog("verify", *options, status=1).stderr
    change(
        database,
        "UPDATE events SET hash = zeros.hash FROM (SELECT hash FROM events "
        "WHERE room_id = 2 AND seq = 9) AS zeros WHERE room_id = 1 AND seq = 10",
    )
    assert wrong(database, taken)["#small"][0] == 10


def test_another_key_or_a_file_that_is_none_is_status_1(database: str, taken: Path) -> None:
    other = taken.with_name("other.pem")
    chatlog("checkpoint", "--new-key", other)
    options = ("--checkpoint", taken, "--public-key", f"{other}.pub", "--database", database)
    assert "another key" in chatlog("verify", *options, status=1).stderr
    for text in (
        b"",
        b"{}",
        taken.read_bytes()[:-9],
        taken.read_bytes().replace(b"#other", b"#othes"),
    ):
        broken = taken.with_name("broken.json")
        broken.write_bytes(text)
        said = chatlog("verify", "--checkpoint", broken, "--database", database, status=1)
        assert len(said.stderr.splitlines()) == 1, said.stderr


def test_keys_are_private_and_never_overwritten(key: Path, sqlite_url: str) -> None:
    assert key.stat().st_mode & 0o777 == 0o600
    assert "overwritten" in refused("checkpoint", "--new-key", key)
    key.chmod(0o644)
    chatlog("migrate", "--database", sqlite_url)
    assert "0600" in refused("checkpoint", "--key", key, "--database", sqlite_url)
    assert "private" in refused(
        "checkpoint", "--key", _private(key.with_name("key.pem.pub")), "--database", sqlite_url
    )


def _private(path: Path) -> Path:
    path.chmod(0o600)
    return path


def test_a_third_party_checks_it_with_the_documented_bytes(taken: Path) -> None:
    line = taken.read_bytes()
    signed, _, rest = line.rpartition(b',"signature":"')
    public = load_pem_public_key(taken.with_name("key.pem.pub").read_bytes())
    public.verify(bytes.fromhex(rest[:128].decode()), signed)  # type: ignore[union-attr,call-arg]
    assert json.loads(line)["rooms"][1]["seq"] == 10


def test_openssl_checks_it_as_the_page_says(taken: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not here")
    page = (ROOT / "docs/log-format.md").read_text()
    section = page.split("## Checkpoints")[1]
    script = section.split("```sh\n")[1].split("```")[0]
    for status, text in ((0, taken.read_bytes()), (1, taken.read_bytes())):
        taken.write_bytes(text if status == 0 else text.replace(b'"seq":10', b'"seq":11'))
        done = subprocess.run(["sh", "-e"], input=script, text=True, cwd=taken.parent, check=False)
        assert done.returncode == status
