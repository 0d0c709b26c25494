"""Plain chats of an export are checked in one step, with the outcome of the whole check."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chatlog.databases.opening import open_for_writing
from chatlog.domain.errors import LogError
from chatlog.domain.users import User
from chatlog.eventlog import chain
from chatlog.kinds.chat import Posted
from chatlog.kinds.erasure import Erased
from chatlog.kinds.event import Event, Recorded
from chatlog.kinds.join import Joined
from chatlog.kinds.leave import Left
from chatlog.kinds.proof import Proof, Proved
from chatlog.operations import restore_export as restoring
from chatlog.operations.moving.plain_chats import PlainChats
from chatlog.wire.events import decode_proved, encode_proved
from tests.cli.command import chatlog, imported
from tests.support.histories import OWN, history
from tests.support.log_vectors import ADA, EVE, NAME_SALT, NODE, ROOM_ID, SESSION
from tests.support.logbook import open_log
from tests.support.people_log import people_on

AT = "2026-11-22T17:00:03.000000Z"
SALT = bytes(range(16))
EVES = "6" * 32
JOINS = (Joined(ADA, SESSION, NODE, 1, 1), Joined(EVE, EVES, NODE, 1, 2))
CHAT = Posted(ADA, SESSION, NODE, "grüße, 世界", "c-17")
LEFT = Left(ADA, SESSION, NODE, 0, "left")
TABLES = (
    "SELECT * FROM events ORDER BY position",
    "SELECT * FROM sessions ORDER BY session",
    "SELECT * FROM rooms ORDER BY id",
    "SELECT * FROM nodes ORDER BY id",
    "SELECT id, uuid, username, salt, commitment, subject_id FROM users ORDER BY id",
)


@pytest.fixture
def in_full(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Make every line be checked in full from now on."""
    return lambda: monkeypatch.setattr(PlainChats, "accept", lambda _self, _line: None)


def lines_of(
    *events: Event,
    at: Sequence[str] = (),
    room_id: str = ROOM_ID,
    skipped: int = 0,
    salt: bytes = SALT,
) -> list[bytes]:
    """The lines of an export whose hashes are right, whatever its events are.

    The seqs of chats are too high by ``skipped``.
    """
    lines, previous = [], chain.GENESIS
    for number, event in enumerate(events, 1):
        text, when = event.text, at[number - 1] if at else AT
        seq = number + skipped * isinstance(event, Posted)
        sealed = None if text is None else chain.commitment(salt, text)
        header = chain.header(room_id, seq, when, event, event.facts(), sealed)
        previous = chain.next_hash(previous, header)
        recorded = Recorded(0, "general", seq, when, previous, event)
        proof = Proof(room_id, NAME_SALT, sealed, None if text is None else salt)
        lines.append(encode_proved(Proved(recorded, proof)))
    return lines


def outcome(lines: Iterable[bytes]) -> str:
    """What an import says of lines: their number, or why they are refused."""
    try:
        return f"{asyncio.run(restoring.check_export(lines, room=None))} events"
    except LogError as error:
        return str(error)


@pytest.fixture
def in_full_count(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The lines that are checked in full."""
    seen: list[bytes] = []

    def counted(line: bytes) -> Proved:
        seen.append(line)
        return decode_proved(line)

    monkeypatch.setattr(restoring, "decode_proved", counted)
    return seen


def test_only_what_is_no_plain_chat_is_checked_in_full(in_full_count: list[bytes]) -> None:
    chats = [replace(CHAT, id=None), replace(CHAT, user=EVE, session=EVES), CHAT]
    times = [f"2026-11-22T17:00:0{seq // 2}.000000Z" for seq in range(6)]
    lines = lines_of(*JOINS, *chats, LEFT, at=times)
    assert outcome(lines) == "6 events"
    assert in_full_count == [*lines[:2], lines[-1]]


async def tables_after(url: str, file: Path) -> list[list[dict[str, Any]]]:
    with file.open("rb") as lines:
        async with open_for_writing(url) as database:
            await restoring.restore_export(database, lines)
    async with open_log(url) as log:
        return [
            [row for row in await log.table(asked) if row.get("node") != log.writer.node.name]
            for asked in TABLES
        ]


@pytest.mark.parametrize("source", ["a history", "people"])
def test_the_rows_are_those_of_the_whole_check(
    source: str, database_url: str, tmp_path: Path, in_full: Callable[[], None]
) -> None:
    made = f"sqlite:///{tmp_path / 'made.db'}"
    if source == "people":
        asyncio.run(people_on(made))
    else:
        imported(made, history(OWN), "general")
    file = tmp_path / "general.jsonl"
    file.write_text(chatlog("export", "general", "--database", made).stdout, newline="\n")
    found = asyncio.run(tables_after(database_url, file))
    assert "Verified " in chatlog("verify", "--database", database_url).stdout
    in_full()
    other = f"sqlite:///{tmp_path / 'other.db'}"
    assert found == asyncio.run(tables_after(other, file))
    assert len(found[0]) > 10


@pytest.mark.parametrize("last", [ADA, EVE])
def test_nodes_are_numbered_as_by_the_whole_check(
    last: User, tmp_path: Path, in_full: Callable[[], None]
) -> None:
    joins = [JOINS[0], replace(JOINS[1], node=OTHER_NODE)]
    node, session = (NODE, SESSION) if last is ADA else (OTHER_NODE, EVES)
    file = tmp_path / "general.jsonl"
    lines = lines_of(*joins, replace(CHAT, user=last, session=session, node=node))
    file.write_bytes(b"\n".join(lines))
    found = asyncio.run(tables_after(f"sqlite:///{tmp_path / 'found.db'}", file))
    in_full()
    assert found == asyncio.run(tables_after(f"sqlite:///{tmp_path / 'full.db'}", file))
    assert [row["node"] for row in found[3]] == [NODE, OTHER_NODE]


OTHER_NODE = "node-8080.ffffffff"
IN_ORDER = ["2026-11-22T17:00:01.000000Z", AT, "2026-11-22T17:00:05.000000Z"]
NEXT = replace(CHAT, id="c-18")
STORIES: dict[str, tuple[list[bytes], bool]] = {
    "a chat": (lines_of(*JOINS, CHAT), True),
    "a chat without an id": (lines_of(*JOINS, replace(CHAT, id=None)), True),
    "a chat of another node": (lines_of(*JOINS, replace(CHAT, node=OTHER_NODE)), True),
    "after the session": (lines_of(*JOINS, LEFT, CHAT), False),
    "before the session": (lines_of(CHAT, *JOINS), False),
    "in somebody else's session": (lines_of(*JOINS, replace(CHAT, user=EVE)), False),
    "of another name": (lines_of(*JOINS, replace(CHAT, user=replace(ADA, name="bob"))), False),
    "of another commitment": (
        lines_of(*JOINS, replace(CHAT, user=replace(ADA, commitment=bytes(32)))),
        False,
    ),
    "of another user's id": (
        lines_of(*JOINS, replace(CHAT, user=replace(ADA, id="b" * 32))),
        False,
    ),
    "earlier": (lines_of(*JOINS, CHAT, at=[AT, AT, IN_ORDER[0]]), False),
    "later": (lines_of(*JOINS, CHAT, at=[IN_ORDER[0], IN_ORDER[0], AT]), True),
    "at two times": (lines_of(*JOINS, CHAT, NEXT, at=[*IN_ORDER[:2], *IN_ORDER[1:]]), True),
    "on no day": (lines_of(*JOINS, CHAT, at=[AT, AT, f"2027-02-30{AT[10:]}"]), False),
    "at no time": (lines_of(*JOINS, CHAT, at=[AT, AT, f"{AT[:-1]}+"]), False),
    "blank": (lines_of(*JOINS, replace(CHAT, message=" ")), False),
    "too long": (lines_of(*JOINS, replace(CHAT, message="a" * (2**24 + 1))), False),
    "with a control character": (lines_of(*JOINS, replace(CHAT, message="a\x01b")), False),
    "with an empty id": (lines_of(*JOINS, replace(CHAT, id="")), False),
    "with a long id": (lines_of(*JOINS, replace(CHAT, id="c" * 65)), False),
    "twice": (lines_of(*JOINS, CHAT)[:3] + lines_of(*JOINS, CHAT)[2:], False),
    "of a later seq": (lines_of(*JOINS, CHAT, skipped=1), False),
    "with a short salt": (lines_of(*JOINS, CHAT, salt=SALT[1:]), False),
    "with a text that was erased": (lines_of(*JOINS, CHAT, Erased(ADA, NODE, (3,), "x")), False),
    "a gap": (lines_of(*JOINS, CHAT, NEXT)[::3], False),
    "of another room": (lines_of(*JOINS)[:2] + lines_of(*JOINS, CHAT, room_id="a" * 32)[2:], False),
}


@pytest.mark.parametrize("story", STORIES)
def test_a_chat_is_refused_as_by_the_whole_check(story: str, in_full: Callable[[], None]) -> None:
    lines, is_right = STORIES[story]
    found = outcome(lines)
    assert (found == f"{len(lines)} events") is is_right, found
    in_full()
    assert found == outcome(lines)


PLAIN = lines_of(*JOINS, CHAT)
FIELDS = [*json.loads(PLAIN[-1]), *(f"proof.{name}" for name in json.loads(PLAIN[-1])["proof"])]
CHANGES: dict[str, Callable[[Any], Any]] = {
    "absent": lambda _: ...,
    "null": lambda _: None,
    "a number": lambda _: 7,
    "a text": lambda _: "x",
    "empty": lambda _: "",
    "in capitals": lambda value: str(value).upper(),
    "shorter": lambda value: str(value)[:-2],
    "longer": lambda value: f"{value}00",
    "zeros": lambda value: "0" * len(str(value)),
    "spaced": lambda value: f"{str(value)[:2]}  {str(value)[4:]}",
    "the frame of another kind": lambda _: "notification",
}
ADDED = {"via": "http", "erased": True, "note": 1, "proof.of": "3", "proof.details": "{}"}


ODD_TIMES = (
    f"{AT[:-6]}5Z",
    AT.replace(":03.", ":4."),
    AT.replace("-22T", "-3T"),
    AT.replace("Z", "z"),
    AT.replace("T", "t"),
    AT.replace("2026", "２０２６"),
    AT.replace("T17", "T24"),
    AT.replace(":03.", ":60."),
)


@pytest.mark.parametrize("at", ODD_TIMES)
def test_a_time_in_another_form_than_the_logs_is_refused(
    at: str, in_full: Callable[[], None]
) -> None:
    lines = lines_of(*JOINS, CHAT, at=[AT, AT, at])
    found = outcome(lines)
    assert found == f"Line 3 is not as it was exported: {at!r} is not a time"
    in_full()
    assert found == outcome(lines)


@pytest.mark.parametrize("at", ODD_TIMES)
def test_a_last_sign_of_life_in_another_form_than_the_logs_is_refused(at: str) -> None:
    lines = lines_of(*JOINS, replace(LEFT, cause="lapsed", last_seen_at=at))
    assert outcome(lines) == f"Line 3 is not as it was exported: {at!r} is not a time"


def changed(field: str, value: object) -> bytes:
    line = json.loads(PLAIN[-1])
    within, name = (line["proof"], field[6:]) if field.startswith("proof.") else (line, field)
    if value is ...:
        del within[name]
    else:
        within[name] = value
    if "proof" in line:
        line["proof"] = line.pop("proof")  # at the end, as in an export
    return json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode()


@pytest.mark.parametrize("how", CHANGES)
@pytest.mark.parametrize("field", FIELDS)
def test_a_changed_field_is_refused_with_the_same_words(
    field: str, how: str, in_full: Callable[[], None]
) -> None:
    old = json.loads(PLAIN[-1])
    within, name = (old["proof"], field[6:]) if field.startswith("proof.") else (old, field)
    lines = [*PLAIN[:-1], changed(field, CHANGES[how](within[name]))]
    found = outcome(lines)
    assert found != "3 events" or json.loads(lines[-1]) == old, found
    in_full()
    assert found == outcome(lines)


@pytest.mark.parametrize("field", ADDED)
def test_an_added_field_is_refused_with_the_same_words(
    field: str, in_full: Callable[[], None]
) -> None:
    lines = [*PLAIN[:-1], changed(field, ADDED[field])]
    found = outcome(lines)
    assert found != "3 events"
    in_full()
    assert found == outcome(lines)


def test_a_door_that_no_hash_covers_is_refused(in_full: Callable[[], None]) -> None:
    lines = [*PLAIN[:-1], PLAIN[-1].replace(b'"username"', b'"via":"http","username"', 1)]
    found = outcome(lines)
    assert "details" in found
    in_full()
    assert found == outcome(lines)


def test_a_line_written_otherwise_is_as_good(in_full_count: list[bytes]) -> None:
    lines = [*PLAIN[:-1], json.dumps(json.loads(PLAIN[-1]), indent=1).encode()]
    assert outcome(lines) == "3 events"
    assert in_full_count == lines
