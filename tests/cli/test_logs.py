"""The server's log: text or JSON, from a level, with nothing in it that drivers would add."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from chatlog import __version__
from chatlog.cli.logs import JsonFormatter, ServerHandler, begin_logging
from chatlog.databases.database import backend_for
from chatlog.settings import Settings


@contextmanager
def begun(settings: Settings) -> Iterator[ServerHandler]:
    """Log as a server's process does: without pytest's handlers."""
    root, ours, alembic = (logging.getLogger(name) for name in (None, "chatlog", "alembic"))
    handlers, levels = root.handlers[:], [one.level for one in (root, ours, alembic)]
    root.handlers[:] = []
    yield begin_logging(settings)
    for handler in root.handlers:
        handler.close()
    root.handlers[:] = handlers
    for one, level in zip((root, ours, alembic), levels, strict=True):
        one.setLevel(level)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_line_of_json_has_time_level_logger_message_and_facts() -> None:
    record = logging.LogRecord("a.b", logging.WARNING, "f", 1, "%d of\n%s", (2, "ä\x1b"), None)
    record.created, record.facts = 1_700_000_000.25, {"texts": 2}
    written = JsonFormatter().format(record)
    assert written.isascii()
    assert "\n" not in written
    assert json.loads(written) == {
        "at": "2023-11-14T22:13:20.250000Z",
        "level": "warning",
        "logger": "a.b",
        "message": "2 of\nä\x1b",
        "texts": 2,
    }


def test_an_exception_is_in_its_line_of_json() -> None:
    try:
        raise KeyError("x")
    except KeyError:
        record = logging.LogRecord("a", logging.ERROR, "f", 1, "failed", (), sys.exc_info())
    assert "KeyError: 'x'" in json.loads(JsonFormatter().format(record))["exception"]


def test_the_first_line_names_version_database_node_and_mode(
    capsys: pytest.CaptureFixture[str],
) -> None:
    url = "postgresql://me:hunter2@h1:5433,[::1]:5434/db?sslpassword=hunter3"
    settings = Settings(database=url, node="n1", log_format="json")
    with begun(settings) as handler:
        assert lines(capsys) == []  # a server that cannot start says one sentence
        logging.getLogger("chatlog").info("waiting")
        handler.begin()
        handler.begin()
    line, second = lines(capsys)
    assert second["message"] == "waiting"
    shown = "postgresql://me@h1:5433,[::1]:5434/db"
    assert (line["version"], line["database"]) == (__version__, shown)
    assert (line["node"], line["mode"]) == ("n1", "open")
    assert line["message"] == (f"chatlog {__version__} starts on {shown} as node n1, in open mode.")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("sqlite:////a/b%20c.db", "sqlite:////a/b%20c.db"),
        ("postgres:///x?host=/run/p&password=hunter2", "postgresql://%2Frun%2Fp/x"),
        ("postgresql://u%40:hunter2@h/d%2Fb", "postgresql://u%40@h/d%2Fb"),
        ("postgresql://h?user=u&passfile=hunter2", "postgresql://u@h/"),
    ],
)
def test_a_database_is_shown_without_its_password(
    url: str, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", "hunter2")
    assert backend_for(url).place == shown


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ("debug", ["debug", "info", "warning", "error"]),
        ("info", ["info", "warning", "error"]),
        ("warning", ["warning", "error"]),
        ("error", ["error"]),
    ],
)
def test_the_level_is_that_of_chatlog_and_drivers_never_log_below_info(
    level: str,
    expected: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    with begun(Settings(log_level=level, log_format="json")) as handler:
        for name in ("chatlog.x", "aiosqlite"):
            for number in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR):
                kind = {"kind": (name, number)}  # otherwise the second would be counted
                logging.getLogger(name).log(number, "%s", number, extra=kind)
        handler.begin()
    found = [(line["logger"], line["level"]) for line in lines(capsys)]
    assert [word for name, word in found if name == "chatlog.x"] == expected
    theirs = [word for word in expected if word != "debug"]
    assert [word for name, word in found if name == "aiosqlite"] == theirs
