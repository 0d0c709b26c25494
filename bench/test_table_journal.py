"""A run of the table that is interrupted goes on, and only a whole run is written."""

import json
from pathlib import Path

import pytest

from bench.result import NoResult
from bench.table import __main__ as command
from bench.table.journal import Journal, Plan
from bench.table.parts import PARTS, Run
from bench.table.servers import columns

FACTS = {"cores": "2"}
PLAN = Plan(list(PARTS), [column.name for column in columns([])], 1.5, 5)


def never() -> list[float]:
    pytest.fail("measured again")


def lost() -> list[float]:
    raise NoResult("3 lost")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "raw.jsonl"


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where a run of nothing on this machine writes its table, and its plots beside it."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(command, "machine_facts", FACTS.copy)
    monkeypatch.setattr(command, "allow_many_files", lambda: None)
    monkeypatch.setattr(command, "KEPT", tmp_path / "table.md")
    monkeypatch.setattr(command, "_DOCS", tmp_path)
    for name in PARTS:
        monkeypatch.setitem(PARTS, name, nothing)
    return tmp_path / "table.md"


def nothing(run: Run) -> None:
    """Measure nothing."""


def test_a_step_that_is_known_is_not_measured_again(path: Path) -> None:
    journal = Journal.begin(path, PLAN, FACTS)
    assert journal.once("a", lambda: [1.5]) == [1.5]
    with pytest.raises(NoResult, match="3 lost"):
        journal.once("b", lost)
    again = Journal.resume(path, FACTS)
    assert again.plan == PLAN
    assert again.once("a", never) == [1.5]
    with pytest.raises(NoResult, match="3 lost"):
        again.once("b", never)


def test_a_step_that_was_interrupted_while_it_was_written_is_measured_again(path: Path) -> None:
    journal = Journal.begin(path, PLAN, FACTS)
    journal.once("a", lambda: [1.5])
    journal.once("b", lambda: [2.5])
    path.write_bytes(path.read_bytes()[:-9])
    again = Journal.resume(path, FACTS)
    assert again.once("a", never) == [1.5]
    assert again.once("b", lambda: [3.5]) == [3.5]
    assert Journal.resume(path, FACTS).once("b", never) == [3.5]


def test_a_run_on_another_machine_or_of_other_code_does_not_go_on(path: Path) -> None:
    Journal.begin(path, PLAN, FACTS)
    with pytest.raises(ValueError, match="another machine"):
        Journal.resume(path, {"cores": "4"})
    head = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps({**head, "code": "other"}) + "\n", encoding="utf-8")
    with pytest.raises(ValueError, match="other code"):
        Journal.resume(path, FACTS)


def test_other_work_is_the_mean_of_all_steps(path: Path) -> None:
    Journal.begin(path, PLAN, FACTS)
    with path.open("a", encoding="utf-8") as file:
        for name, seconds, cores in (("a", 1.0, 1.0), ("b", 3.0, 0.2)):
            step = {"step": name, "found": [], "seconds": seconds, "other_cores": cores}
            file.write(json.dumps(step) + "\n")
    assert Journal.resume(path, FACTS).other_cores() == pytest.approx(0.4)


@pytest.mark.parametrize("part", [["--parts", "idle"], ["--servers", "chatlog"]])
def test_a_part_of_the_table_is_not_written(kept: Path, part: list[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["--write", *part])
    assert list(kept.parent.iterdir()) == []
    assert command.main(part) == 0
    assert not kept.exists()
    (raw,) = kept.parent.glob("chatlog-table-*.jsonl")
    with pytest.raises(SystemExit):
        command.main(["--write", "--resume", str(raw)])
    assert not kept.exists()


def test_a_whole_run_is_written_at_its_end(kept: Path) -> None:
    assert command.main(["--write"]) == 0
    assert "turns 5 of 1.5 s" in kept.read_text("utf-8")
    assert {path.suffix for path in kept.parent.iterdir()} == {".md", ".svg", ".jsonl"}


def test_a_whole_run_that_is_resumed_can_be_written(kept: Path) -> None:
    assert command.main(["--repeat", "2"]) == 0
    (raw,) = kept.parent.glob("chatlog-table-*.jsonl")
    assert command.main(["--write", "--resume", str(raw)]) == 0
    assert "turns 2 of 1.5 s" in kept.read_text("utf-8")
