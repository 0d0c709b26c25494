"""The client comes without the server."""

from __future__ import annotations

import json
import subprocess
import sys

SERVER = {
    *("aiosqlite", "alembic", "asyncpg", "click", "prometheus_client", "rich", "sqlalchemy"),
    *("sqlite3", "chatlog.databases", "chatlog.eventlog", "chatlog.kinds", "chatlog.runtime"),
    *("chatlog.settings", "chatlog.web", "chatlog.wire", "chatlog.cli", "aiohttp.web", "jwt"),
}
PROGRAM = "import chatlog.client, json, sys; print(json.dumps(sorted(sys.modules)))"


def test_importing_the_client_imports_nothing_of_the_server() -> None:
    done = subprocess.run(
        (sys.executable, "-c", PROGRAM), capture_output=True, text=True, check=True
    )
    modules = set(json.loads(done.stdout))
    assert "chatlog.client" in modules
    assert not modules & SERVER
    own = {name.split(".")[1] for name in modules if name.startswith("chatlog.")}
    assert own == {"client", "domain"}
