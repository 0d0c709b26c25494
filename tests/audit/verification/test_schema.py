"""Verify looks at what protects events and at what shows them, on both databases, and says so."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bench import definitions
from chatlog.databases.postgres.definitions import (
    Rendering,
    Renderings,
    compare,
    expected,
)
from chatlog.databases.sqlite.objects import compare as compare_files
from tests.cli.command import chatlog
from tests.support.damage import LINES, change, verdict

POSTGRES = {
    "a trigger dropped": ("DROP TRIGGER events_no_update ON events",),
    "a trigger off": ("ALTER TABLE events DISABLE TRIGGER events_no_delete",),
    "a trigger for replicas only": ("ALTER TABLE events ENABLE REPLICA TRIGGER events_no_delete",),
    "all triggers off": ("ALTER TABLE sessions DISABLE TRIGGER ALL",),
    "a trigger that does nothing": (
        ("CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RETURN NEW; END $$"),
    ),
    "a trigger on another condition": (
        "DROP TRIGGER events_no_update ON events",
        ("CREATE TRIGGER events_no_update BEFORE UPDATE ON events FOR EACH ROW "
        "WHEN (NEW.seq <> OLD.seq) EXECUTE FUNCTION refuse_change()"),
    ),
    "a trigger more": (
        "CREATE TRIGGER more BEFORE INSERT ON nodes FOR EACH ROW EXECUTE FUNCTION refuse_change()",
    ),
    "a rule": ("CREATE RULE none AS ON UPDATE TO users DO INSTEAD NOTHING",),
    "row security": ("ALTER TABLE events ENABLE ROW LEVEL SECURITY",),
    "a policy": ("CREATE POLICY more ON events USING (seq > 1)",),
    "a view dropped": ("DROP VIEW audit_erasures",),
    "a view replaced": (
        ("CREATE OR REPLACE VIEW audit_messages AS SELECT e.position, "
        "r.room COLLATE \"C\" AS room, "
        "e.seq, e.at, 'bob' COLLATE \"C\" AS username, coalesce(e.text, '') AS message, "
        "e.text IS NULL AS erased, NULL::text COLLATE \"C\" AS subject FROM events e "
        "JOIN rooms r ON r.id = e.room_id"),
    ),
    "a view of another table": (
        "CREATE TABLE public.events AS SELECT * FROM chatlog.events",
        "DROP VIEW audit_activity",
        "CREATE VIEW audit_activity AS SELECT 1 AS one FROM public.events",
    ),
    "an index dropped": ("DROP INDEX events_room_seq",),
    "an index on something else": (
        "DROP INDEX events_client_id",
        "CREATE INDEX events_client_id ON events (client_id)",
    ),
    "an index that is not valid": (
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'events_room_at'::regclass",
    ),
    "a column's type": ("ALTER TABLE nodes ALTER COLUMN name TYPE varchar(200)",),
    "a column that may be empty": ("ALTER TABLE events ALTER COLUMN hash DROP NOT NULL",),
    "a column more": ("ALTER TABLE events ADD COLUMN more text",),
    "a foreign key dropped": ("ALTER TABLE sessions DROP CONSTRAINT sessions_user_id_fkey",),
    "a table that does not outlive a crash": (
        "ALTER TABLE sessions SET UNLOGGED",
    ),
    "a table with children": ("CREATE TABLE more () INHERITS (events)",),
}  # fmt: skip
SQLITE = {
    "a trigger dropped": ("DROP TRIGGER events_no_update",),
    "a trigger replaced": (
        "DROP TRIGGER events_no_update",
        "CREATE TRIGGER events_no_update BEFORE UPDATE ON events BEGIN SELECT 1; END",
    ),
    "a trigger more": ("CREATE TRIGGER more AFTER INSERT ON nodes BEGIN SELECT 1; END",),
    "a trigger of an internal name": (
        "PRAGMA writable_schema = ON",
        (
            "INSERT INTO sqlite_master VALUES ('trigger', 'sqlite_more', 'events', 0, "
            "'CREATE TRIGGER sqlite_more AFTER INSERT ON events BEGIN SELECT 1; END')"
        ),
    ),
    "a trigger that calls itself a view": (
        "PRAGMA writable_schema = ON",
        (
            "INSERT INTO sqlite_master VALUES ('view', 'more', 'more', 0, "
            "'CREATE TRIGGER more AFTER INSERT ON events BEGIN SELECT 1; END')"
        ),
    ),
    "a trigger beside the one of its name": (
        "PRAGMA writable_schema = ON",
        (
            "INSERT INTO sqlite_master SELECT type, name, tbl_name, rootpage, "
            "'CREATE TRIGGER more AFTER INSERT ON events BEGIN SELECT 1; END' "
            "FROM sqlite_master WHERE name = 'events_no_delete'"
        ),
    ),
    "a view dropped": ("DROP VIEW audit_erasures",),
    "a view replaced": (
        "DROP VIEW audit_messages",
        "CREATE VIEW audit_messages AS SELECT 1 AS position",
    ),
    "an index dropped": ("DROP INDEX events_room_at",),
    "a column renamed": (
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_master SET sql = replace(sql, 'ended_at', 'ended_on') WHERE name = 'nodes'",
    ),
    "a column more": ("ALTER TABLE events ADD COLUMN more TEXT",),
}


def tampered(url: str, statements: tuple[str, ...]) -> None:
    if url.startswith("sqlite:"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection, connection:
            for statement in statements:
                connection.execute(statement)
    else:
        change(url, *statements)


def made(url: str, folder: Path) -> str:
    path = folder / "2006-12-10.small.txt"
    path.write_text(LINES)
    for room in ("#small", "#other"):
        options = ("--room", room, "--format", "irc", "--database", url)
        chatlog("import", path, *options)
    return url


@pytest.mark.parametrize("what", POSTGRES)
def test_what_protects_or_shows_events_is_compared_on_postgresql(
    what: str, postgres_url: str
) -> None:
    tampered(postgres_url, POSTGRES[what])
    found = verdict(postgres_url)
    assert "migrations" in found["why"] or "missing" in found["why"]


@pytest.mark.parametrize("what", SQLITE)
def test_what_protects_or_shows_events_is_compared_on_sqlite(what: str, sqlite_url: str) -> None:
    tampered(sqlite_url, SQLITE[what])
    found = verdict(sqlite_url)
    # Of some SQLite says by itself that they make no sense.
    assert any(word in found["why"] for word in ("migrations", "missing", "malformed"))


def test_what_somebody_added_beside_it_does_no_harm(database_url: str, tmp_path: Path) -> None:
    made(database_url, tmp_path)
    schema = "" if database_url.startswith("sqlite") else "chatlog."
    added = (
        f"CREATE VIEW {schema}of_ours AS SELECT count(*) AS events FROM {schema}events",
        f"CREATE TABLE {schema}notes (note TEXT UNIQUE)",
        f"CREATE INDEX of_ours_too ON {schema}events (user_id)",
        "ANALYZE",
    )
    tampered(database_url, added)
    verdict(database_url, ok=True)


ROOM = ["chains", "texts", "names", "erasures", "sessions", "nodes"]


def test_the_answer_names_what_was_looked_at(database_url: str, tmp_path: Path) -> None:
    made(database_url, tmp_path)
    looked_at = verdict(database_url, ok=True)["looked_at"]
    assert looked_at[:7] == [*ROOM, "positions"]
    objects = {"tables", "indexes", "triggers", "views"}
    if database_url.startswith("sqlite"):
        assert set(looked_at[7:]) == objects | {"the file"}
    else:
        more = {"constraints", "functions", "rules", "policies", "settings"}
        assert set(looked_at[7:]) == objects | more
    said = chatlog("verify", "--database", database_url).stdout
    assert all(word in said for word in looked_at)


def test_the_answer_on_one_room_claims_nothing_of_the_log(
    database_url: str, tmp_path: Path
) -> None:
    made(database_url, tmp_path)
    found = json.loads(chatlog("verify", "#small", "--json", "--database", database_url).stdout)
    assert found["looked_at"] == ROOM
    assert found["covered"] == (
        "checked chains, texts, names, erasures, sessions and nodes, "
        "from each room's first event on."
    )
    assert "triggers" not in found["covered"]


def test_what_was_not_come_to_is_not_claimed(database_url: str, tmp_path: Path) -> None:
    made(database_url, tmp_path)
    change(database_url, "UPDATE events SET position = 1000 WHERE position = 4")
    found = verdict(database_url)
    assert found["looked_at"][6:] == ["positions"]
    assert "triggers" not in found["covered"]


def test_a_verification_without_a_checkpoint_says_what_it_cannot_see(
    database_url: str, tmp_path: Path
) -> None:
    made(database_url, tmp_path)
    assert "--checkpoint" in chatlog("verify", "--database", database_url).stdout
    assert "--checkpoint" in verdict(database_url, ok=True)["hint"]


def test_an_empty_log_is_not_called_as_it_was_written(database_url: str) -> None:
    said = chatlog("verify", "--database", database_url).stdout
    assert "Verified" not in said
    assert "The log is empty" in said
    assert "--checkpoint" in said


def test_the_definitions_are_those_of_the_migrations(postgres_url: str) -> None:
    """When it fails: ``python -m bench.definitions``."""
    major, found = asyncio.run(definitions.render(postgres_url))
    assert compare(found, expected(), major).wrong is None
    assert found.keys() == expected().keys()
    assert all(_rendered(name, major) == text for name, text in found.items())


def _rendered(name: str, major: int) -> str:
    (text,) = (one.text for one in expected()[name] if major in one.majors)
    return text


KNOWN: Renderings = {"view v": [Rendering((15,), "old"), Rendering((16,), "new")]}


@pytest.mark.parametrize(
    ("major", "text", "wrong", "unsure"),
    [
        (15, "old", False, False),
        (16, "old", False, False),  # what another version renders means the same
        (16, "else", True, False),
        (19, "new", False, False),
        (19, "else", False, True),
    ],
)
def test_a_version_that_is_not_known_is_no_proof_of_a_change(
    major: int, text: str, wrong: bool, unsure: bool
) -> None:
    found = compare({"view v": text}, KNOWN, major)
    assert (found.wrong is not None, bool(found.unsure)) == (wrong, unsure)


OWN: Renderings = {
    "table t": [Rendering((16,), "(a text, b bigint NOT NULL)")],
    "trigger t.one": [Rendering((16,), "CREATE TRIGGER one")],
}


@pytest.mark.parametrize(
    ("more", "wrong"),
    [
        ({}, False),
        ({"table t": "(a text, b bigint NOT NULL, c text, d bigint)"}, False),
        ({"table u": "(a text)", "trigger u.two": "CREATE TRIGGER two"}, False),
        ({"trigger t.two": "CREATE TRIGGER two"}, True),
        ({"rule t.two": "CREATE RULE two"}, True),
        ({"table t": "(a text, c text, b bigint NOT NULL)"}, True),
        ({"table t": "(a text, b bigint, c text)"}, True),
        ({"table t": "(a text, b bigint NOT NULL, c text) with row security"}, True),
        ({"trigger t.one": "CREATE TRIGGER one DISABLED"}, True),
    ],
)
def test_what_a_newer_version_added_is_no_change_of_what_was_there(
    more: dict[str, str], wrong: bool
) -> None:
    found = {name: one.text for name, (one,) in OWN.items()} | more
    assert (compare(found, OWN, 16, is_newer=True).wrong is not None) is wrong
    assert (compare(found, OWN, 16).wrong is None) is (more.keys() <= {"table u"})


TABLE = "CREATE TABLE t (\n\ta TEXT, \n\tUNIQUE (a)\n)"


@pytest.mark.parametrize(
    ("more", "wrong"),
    [
        ((), False),
        ((("table", "t", "t", TABLE.replace(", ", ", b TEXT, c INTEGER, ")),), False),
        ((("trigger", "u1", "u", "CREATE TRIGGER u1 BEFORE INSERT ON u"),), False),
        ((("trigger", "t1", "t", "CREATE TRIGGER t1 BEFORE INSERT ON t"),), True),
        ((("table", "t", "t", TABLE.replace(", ", ", CHECK (a), ")),), True),
        ((("table", "t", "t", TABLE.replace("TEXT", "INTEGER")),), True),
    ],
)
def test_what_a_newer_version_added_to_a_file_is_no_change_of_what_was_there(
    more: tuple[tuple[str, str, str, str], ...], wrong: bool
) -> None:
    own = ("table", "t", "t", TABLE)
    found = [*more] if more and more[0][1] == "t" else [own, *more]
    assert (compare_files(found, [own], is_newer=True) is not None) is wrong
    assert (compare_files(found, [own]) is None) is (not more)


def test_definitions_are_merged_by_what_a_version_renders_now() -> None:
    again = definitions.merged(KNOWN, 17, {"view v": "new"})
    assert again == {"view v": [Rendering((16, 17), "new"), Rendering((15,), "old")]}
    changed = definitions.merged(again, 17, {"view v": "newer"})
    assert changed == {"view v": [Rendering((17,), "newer")]}


def test_a_role_that_may_only_read_verifies(postgres_url: str, tmp_path: Path) -> None:
    made(postgres_url, tmp_path)
    tampered(
        postgres_url,
        (
            "CREATE ROLE auditor_of_this LOGIN",
            "GRANT USAGE ON SCHEMA chatlog TO auditor_of_this",
            "GRANT SELECT ON ALL TABLES IN SCHEMA chatlog TO auditor_of_this",
        ),
    )
    try:
        url = postgres_url.replace("//postgres@", "//auditor_of_this@")
        assert url != postgres_url
        verdict(url, ok=True)
    finally:
        tampered(postgres_url, ("DROP OWNED BY auditor_of_this", "DROP ROLE auditor_of_this"))
