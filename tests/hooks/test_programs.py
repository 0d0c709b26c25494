"""Programs that speak to Slack and Mattermost, each unchanged, on a hook of a real server."""

from __future__ import annotations

import asyncio
import shutil
import sys
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestClient

from tests.support.apps import served
from tests.support.server import free_port, until

from .conftest import created

SLACK = """
import sys, apprise
from apprise.plugins.slack import NotifySlack
NotifySlack.webhook_url = sys.argv[1]  # its host is a constant
told = apprise.Apprise()
told.add("slack://deploy@T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#ops")
sys.exit(not told.notify(title="Build 7", body="a < b & <https://x.org|done>"))
"""
# Slack's own page on incoming webhooks.
EXAMPLES: list[tuple[dict[str, Any], str]] = [
    ({"text": "Hello, world."}, "Hello, world."),
    (
        {
            "text": "Danny Torrence left a 1 star review for your property.",
            "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "not read"}}],
        },
        "Danny Torrence left a 1 star review for your property.",
    ),
    (
        {"text": "This is a line of text.\nAnd this is another one."},
        "This is a line of text.\nAnd this is another one.",
    ),
]


@pytest.fixture
async def browser(sqlite_url: str) -> AsyncIterator[TestClient[Any, Any]]:
    async with served(sqlite_url) as client:
        yield client


async def chats(browser: TestClient[Any, Any]) -> list[tuple[str, str]]:
    async with browser.get("/api/rooms/ops/events") as answer:
        found = (await answer.json()).get("events", ())
    return [(event["username"], event["message"]) for event in found]


async def run(*command: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *command, stdin=DEVNULL, stdout=PIPE, stderr=STDOUT
    )
    printed, _ = await process.communicate()
    assert process.returncode == 0, printed.decode()


async def test_slacks_examples(browser: TestClient[Any, Any], sqlite_url: str) -> None:
    path = await created(sqlite_url, "ops")
    for payload, _ in EXAMPLES:
        async with browser.post(path, json=payload) as answer:
            assert (answer.status, await answer.text()) == (200, "ok")
    assert await chats(browser) == [("CI", text) for _, text in EXAMPLES]


async def test_apprise_as_to_mattermost(browser: TestClient[Any, Any], sqlite_url: str) -> None:
    token = (await created(sqlite_url, "ops")).rpartition("/")[2]
    at = browser.make_url("")
    address = f"mmost://deploy@{at.host}:{at.port}/{token}"
    apprise = str(Path(sys.executable).parent / "apprise")
    await run(apprise, "-t", "Build 7", "-b", "a < b & c", address)
    ((name, text),) = await chats(browser)
    assert name == "CI (deploy)"
    assert "Build 7" in text
    assert "a < b & c" in text


async def test_apprise_as_to_slack(browser: TestClient[Any, Any], sqlite_url: str) -> None:
    """Apprise adds three parts to the address of Slack, which a proxy would take away."""
    path = await created(sqlite_url, "ops")
    async with _without_what_slack_adds(str(browser.make_url(path))) as address:
        await run(sys.executable, "-c", SLACK, address)
    ((name, text),) = await chats(browser)
    assert name == "CI (deploy)"
    assert "Build 7" in text
    assert "done" in text


@asynccontextmanager
async def _without_what_slack_adds(target: str) -> AsyncIterator[str]:
    async def forward(request: aiohttp.web.Request) -> aiohttp.web.Response:
        kind = {"Content-Type": request.headers["Content-Type"]}
        async with (
            aiohttp.ClientSession() as session,
            session.post(target, data=await request.read(), headers=kind) as answer,
        ):
            return aiohttp.web.Response(status=answer.status, text=await answer.text())

    app = aiohttp.web.Application()
    app.router.add_post("/{any:.*}", forward)
    runner = aiohttp.web.AppRunner(app)
    await runner.setup()
    port = free_port()
    await aiohttp.web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


ALERTMANAGER = """
route: {{receiver: chatlog, group_wait: 0s}}
receivers:
- name: chatlog
  slack_configs:
  - api_url: {url}
    channel: "#ops"
    username: alerts
    title: "{{{{ .CommonLabels.alertname }}}}"
    title_link: "https://alerts.example/1"
    text: "{{{{ .CommonAnnotations.summary }}}}"
    fields: [{{title: Severity, value: "{{{{ .CommonLabels.severity }}}}", short: true}}]
"""


async def test_alertmanager(browser: TestClient[Any, Any], sqlite_url: str, tmp_path: Path) -> None:
    program = shutil.which("prometheus-alertmanager")
    if program is None:
        pytest.skip("Alertmanager is not installed")
    path = await created(sqlite_url, "ops")
    config = tmp_path / "alertmanager.yml"
    config.write_text(ALERTMANAGER.format(url=browser.make_url(path)))
    address = f"127.0.0.1:{free_port()}"
    process = await asyncio.create_subprocess_exec(
        program,
        f"--config.file={config}",
        f"--storage.path={tmp_path}/data",
        f"--web.listen-address={address}",
        "--cluster.listen-address=",
        stdin=DEVNULL,
        stdout=DEVNULL,
        stderr=DEVNULL,
    )
    try:
        await _alert(f"http://{address}/api/v2/alerts")
        await until(lambda: _has_chat(browser), 30, "a chat of Alertmanager")
    finally:
        process.terminate()
        await process.wait()
    text = "DiskFull (https://alerts.example/1)\n9 < 10 % & less\nSeverity: page"
    assert await chats(browser) == [("CI (alerts)", text)]


async def _has_chat(browser: TestClient[Any, Any]) -> bool:
    return bool(await chats(browser))


async def _alert(address: str) -> None:
    """Raise an alert as soon as Alertmanager takes it."""
    labels = {"alertname": "DiskFull", "severity": "page"}
    alert = [{"labels": labels, "annotations": {"summary": "9 < 10 % & less"}}]

    async def taken() -> bool:
        try:
            async with aiohttp.ClientSession() as session, session.post(address, json=alert) as r:
                return r.status == 200
        except aiohttp.ClientError:
            return False

    await until(taken, 30, "Alertmanager")
