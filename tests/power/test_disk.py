"""The model of the disk and the judge, checked with small traces made by hand."""

import random
import sqlite3
from contextlib import closing
from pathlib import Path

from .disk import SECTOR_BYTES, Disk, Luck
from .trace import Step, Told, told
from .verdict import Verdict

FILE = "x.db"
CHANCE = random.Random(1)


def write(offset: int, data: bytes, name: str = FILE) -> Step:
    return Step("W", name, offset, data)


def sync(name: str = FILE) -> Step:
    return Step("S", name, 0, b"")


def disk(*steps: Step) -> Disk:
    made = Disk()
    for step in steps:
        made.follow(step)
    return made


def test_what_was_synced_is_there_whatever_the_luck() -> None:
    for luck in Luck:
        files = disk(write(0, b"abc"), sync()).after_power_cut(luck, CHANCE)
        assert files == {FILE: bytearray(b"abc")}


def test_without_luck_nothing_that_was_not_synced_is_there() -> None:
    cut = disk(write(0, b"abc"), sync(), write(1, b"X"), Step("T", FILE, 0, b""))
    assert cut.after_power_cut(Luck.NOTHING, CHANCE) == {FILE: bytearray(b"abc")}


def test_a_sync_covers_its_own_file_only() -> None:
    cut = disk(write(0, b"a"), write(0, b"b", "other"), sync("other"))
    assert cut.after_power_cut(Luck.NOTHING, CHANCE) == {"other": bytearray(b"b")}


def test_unsynced_writes_reach_the_disk_in_any_combination() -> None:
    cut = disk(write(0, b"...."), sync(), write(0, b"A"), write(2, b"B"))
    found = {bytes(cut.after_power_cut(Luck.SOME, CHANCE)[FILE]) for _ in range(200)}
    assert found == {b"....", b"A...", b"..B.", b"A.B."}


def test_a_torn_write_reaches_the_disk_by_sectors() -> None:
    cut = disk(write(0, bytes(2 * SECTOR_BYTES)), sync(), write(0, b"A" * 2 * SECTOR_BYTES))
    images = [cut.after_power_cut(Luck.TORN, CHANCE)[FILE] for _ in range(200)]
    assert {(image[0], image[SECTOR_BYTES]) for image in images} == {
        (a, b) for a in b"\0A" for b in b"\0A"
    }


def test_an_unlinked_file_may_come_back_until_the_folder_is_synced() -> None:
    steps = (write(0, b"a"), sync(), Step("U", FILE, 0, b""))
    assert disk(*steps).after_power_cut(Luck.NOTHING, CHANCE) == {FILE: bytearray(b"a")}
    assert disk(*steps, sync(".")).after_power_cut(Luck.NOTHING, CHANCE) == {}


def test_acks_and_events_are_read_from_what_is_sent() -> None:
    sent = (
        b'\x81\x55{"type":"ack","id":"chat-1","room":"general","seq":2,"hash":"00112233aabbccdd"}'
        b'\x81\x60{"type":"notification","event":"join","room":"general","seq":3,'
        b'"hash":"ffeeddcc00112233","at":"2026-11-22T17:00:00.123456Z","username":"bob"}'
        b'\x81\x30{"type":"users","room":"general","seq":3,"users":["bob"],"count":1}'
    )
    assert list(told(Step("N", "", 9, sent))) == [
        Told("general", 2, "00112233aabbccdd", "chat-1"),
        Told("general", 3, "ffeeddcc00112233", None),
    ]


def log_of(folder: Path, *rows: tuple[int, bytes, str]) -> Path:
    """Make a database with one room and these events: seq, hash and client id."""
    path = folder / FILE
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE rooms(id, room)")
        connection.execute("CREATE TABLE events(room_id, seq, hash, client_id)")
        connection.execute("INSERT INTO rooms VALUES (1, 'general')")
        connection.executemany("INSERT INTO events VALUES (1, ?, ?, ?)", rows)
    return path


def judged(path: Path, *events: Told) -> Verdict:
    verdict = Verdict()
    verdict.judge("here", path, events)
    return verdict


def test_a_log_that_holds_what_was_told_is_in_order(tmp_path: Path) -> None:
    path = log_of(tmp_path, (1, bytes(32), "chat-1"))
    verdict = judged(path, Told("general", 1, "0" * 16, "chat-1"))
    assert (verdict.lost, verdict.corrupt, verdict.gaps) == ({}, {}, [])


def test_an_event_that_is_missing_or_another_one_is_lost(tmp_path: Path) -> None:
    path = log_of(tmp_path, (1, bytes(32), "chat-1"))
    missing = Told("general", 2, "0" * 16, None)
    other_hash = Told("general", 1, "1" * 16, None)
    other_id = Told("general", 1, "0" * 16, "chat-2")
    assert judged(path, missing, other_hash, other_id).lost == {"here": 3}


def test_a_gap_is_seen(tmp_path: Path) -> None:
    path = log_of(tmp_path, (1, bytes(32), "chat-1"), (3, bytes(32), "chat-3"))
    assert judged(path).gaps == ["here"]


def test_a_file_that_is_no_database_is_corrupt(tmp_path: Path) -> None:
    path = tmp_path / FILE
    path.write_bytes(b"no database" * 500)
    assert judged(path).corrupt.keys() == {"here"}
