"""The alerts and the board of docs/deploy: Prometheus takes them, a server has their metrics."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from chatlog.settings import Settings
from tests.flows.conftest import Serve

from .blocks import DEPLOY, block

ALERTS = DEPLOY / "alerts.yml"
TESTS = Path(__file__).with_name("alerts_test.yml")
METRIC = re.compile(r"\bchatlog_\w+")
BELL = {"chatlog_bell_up", "chatlog_bell_rings_total"}
"""Metrics of a server that has the setting ``bus``."""
VARIABLES = {"$__rate_interval": "5m", "$job": "chatlog", "$instance": ".*"}
"""Of Grafana, and a value for each."""


def rules() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load(ALERTS.read_text())["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((DEPLOY / "grafana.json").read_text())["panels"]
    return found


def expressions() -> Iterator[str]:
    """Yield every expression of the board as Prometheus gets it."""
    for panel in panels():
        for target in panel["targets"]:
            text = target["expr"]
            for name, value in VARIABLES.items():
                text = text.replace(name, value)
            assert "$" not in text
            yield text


@pytest.fixture
def promtool(program: Callable[[str], str], tmp_path: Path) -> Callable[..., str]:
    """Run promtool beside a copy of the alerts; return what it said."""
    tool = program("promtool")
    shutil.copy(ALERTS, tmp_path)

    def run(*arguments: str, passes: bool = True) -> str:
        done = subprocess.run(
            [tool, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert (done.returncode == 0) is passes, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run


def test_every_alert_fires_when_it_should_and_none_when_all_is_well(
    promtool: Callable[..., str], tmp_path: Path
) -> None:
    shutil.copy(TESTS, tmp_path)
    promtool("check", "rules", ALERTS.name)
    promtool("test", "rules", TESTS.name)
    for test in yaml.safe_load(TESTS.read_text())["tests"]:
        tried = [one["alertname"] for one in test["alert_rule_test"]]
        assert tried == [rule["alert"] for rule in rules()]
    # A rule that never fires is found.
    text = ALERTS.read_text()
    (tmp_path / ALERTS.name).write_text(text.replace("chatlog_bell_up == 0", "chatlog_bell_up < 0"))
    assert "ChatlogBellDown" in promtool("test", "rules", TESTS.name, passes=False)


def test_prometheus_takes_the_pages_settings_and_the_boards_expressions(
    promtool: Callable[..., str], tmp_path: Path
) -> None:
    (tmp_path / "prometheus.yml").write_text(block("yaml", page="several-nodes.md"))
    promtool("check", "config", "prometheus.yml")
    records = [{"record": f"e{n}", "expr": text} for n, text in enumerate(expressions())]
    board = {"groups": [{"name": "board", "rules": records}]}
    (tmp_path / "board.yml").write_text(yaml.safe_dump(board))
    promtool("check", "rules", "board.yml")


async def test_a_server_has_every_metric_that_they_use(serve: Serve, postgres_url: str) -> None:
    server = await serve(postgres_url)
    async with aiohttp.ClientSession() as http, http.get(f"{server.url}/metrics") as answer:
        text = await answer.text()
    assert "\nchatlog_ready 1.0\n" in text
    types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))
    shown = {name for name, type in types.items() if type != "histogram"}
    for name in types.keys() - shown:
        shown |= {f"{name}_{end}" for end in ("bucket", "sum", "count")}
    used = set(METRIC.findall(" ".join([*expressions(), *(rule["expr"] for rule in rules())])))
    has_bell = "bus" in {setting.name for setting in fields(Settings)}
    assert used - shown == (set() if has_bell else BELL)


def test_the_page_says_of_every_alert_what_to_look_at() -> None:
    page = (DEPLOY.parent / "several-nodes.md").read_text()
    rows = re.findall(r"^\| (`Chatlog.*?`) \|", page, re.MULTILINE)
    told = re.findall(r"`(\w+)`", " ".join(rows))
    assert sorted(told) == sorted(rule["alert"] for rule in rules())


def test_the_boards_panels_have_their_own_places_and_say_what_they_show() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & taken
        taken |= cells
        assert panel["description"].endswith(".")
    assert len({panel["id"] for panel in panels()}) == len(panels())
