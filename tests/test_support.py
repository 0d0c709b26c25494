"""The support is checked: databases answer, a blocked loop is noticed, honest waiting is not."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import aiohttp
import aiosqlite
import pytest
import sqlalchemy as sa
from aiohttp import web
from aiohttp.test_utils import TestServer
from blockbuster import BlockingError
from sqlalchemy.ext.asyncio import create_async_engine

import chatlog

ROOT = Path(__file__).resolve().parent.parent


def planted(source: str, **names: object) -> Callable[..., Awaitable[Any]]:
    """Compile ``async def run`` as if it stood in chatlog/: only such code is watched."""
    file = Path(chatlog.__file__).with_name("planted.py")
    scope: dict[str, Any] = {**names}
    exec(compile(textwrap.dedent(source), file, "exec"), scope)
    run: Callable[..., Awaitable[Any]] = scope["run"]
    return run


def driver_url(url: str) -> str:
    """Name the asynchronous drivers, as chatlog does with the URLs of its users."""
    return url.replace("sqlite://", "sqlite+aiosqlite://").replace(
        "postgresql://", "postgresql+asyncpg://"
    )


BLOCKING = {
    "sleep": "time.sleep(0)",
    "file": "path.read_text()",
    "stat": "os.stat(path)",
    "database": "connection.execute('SELECT 1')",
}


@pytest.mark.parametrize("call", BLOCKING.values(), ids=BLOCKING)
async def test_chatlog_code_that_blocks_the_loop_is_an_error(call: str) -> None:
    with closing(sqlite3.connect(":memory:")) as connection, pytest.raises(BlockingError):
        await planted(
            f"import os, time\nasync def run(): {call}",
            connection=connection,
            path=ROOT / "Makefile",
        )()


async def test_a_test_may_block_its_own_loop() -> None:
    assert (ROOT / "Makefile").read_text()
    with closing(sqlite3.connect(":memory:")) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


async def test_a_thread_and_a_log_line_are_not_blocking(tmp_path: Path) -> None:
    logger = logging.getLogger("planted")
    handler = logging.StreamHandler(sys.stderr)
    logger.addHandler(handler)
    run = planted(
        """
        async def run():
            logger.warning("a line", exc_info=ValueError("with a trace"))
            return await asyncio.to_thread(path.stat)
    """,
        asyncio=asyncio,
        logger=logger,
        path=tmp_path,
    )
    assert await run()
    logger.removeHandler(handler)


async def test_aiosqlite_is_not_blocking(tmp_path: Path) -> None:
    run = planted(
        """
        async def run():
            async with aiosqlite.connect(file) as connection:
                await connection.execute("PRAGMA journal_mode=WAL")
                await connection.execute("CREATE TABLE t (x)")
                await connection.executemany("INSERT INTO t VALUES (?)", [(1,), (2,)])
                await connection.commit()
                return await connection.execute_fetchall("SELECT sum(x) FROM t")
    """,
        aiosqlite=aiosqlite,
        file=tmp_path / "x.db",
    )
    assert await run() == [(3,)]


async def test_each_database_is_empty_and_answers_without_blocking(empty_database_url: str) -> None:
    run = planted(
        """
        async def run():
            engine = create_engine(url)
            async with engine.begin() as connection:
                await connection.execute(sa.text("CREATE TABLE t (x INTEGER)"))
                await connection.execute(sa.text("INSERT INTO t VALUES (:x)"), [{"x": 1}, {"x": 2}])
            async with engine.connect() as connection:
                answer = await connection.scalar(sa.text("SELECT sum(x) FROM t"))
            await engine.dispose()
            return answer
    """,
        create_engine=create_async_engine,
        sa=sa,
        url=driver_url(empty_database_url),
    )
    assert await run() == 3


async def test_a_server_over_http_and_websocket_is_not_blocking() -> None:
    run = planted(
        """
        async def handle(request):
            socket = web.WebSocketResponse()
            await socket.prepare(request)
            async for message in socket:
                await socket.send_str(message.data)
            return socket

        async def page(request):
            return web.FileResponse(file)

        async def run():
            app = web.Application()
            app.router.add_get("/ws", handle)
            app.router.add_get("/", page)
            async with TestServer(app) as server, ClientSession() as client:
                async with client.get(server.make_url("/")) as response:
                    text = await response.text()
                async with client.ws_connect(server.make_url("/ws")) as socket:
                    await socket.send_str("hello")
                    return text, await socket.receive_str()
    """,
        web=web,
        TestServer=TestServer,
        ClientSession=aiohttp.ClientSession,
        file=ROOT / "LICENSE",
    )
    assert await run() == ((ROOT / "LICENSE").read_text(), "hello")


SKIPPING = """
import pytest

@pytest.mark.skip(reason="by mark")
def test_marked(): pass

def test_called(): pytest.skip("by call")

@pytest.mark.xfail(reason="known")
def test_known(): assert False
"""


@pytest.mark.parametrize(
    ("no_skip", "status", "result"),
    [("0", 0, "2 skipped, 1 xfailed"), ("1", 1, "1 failed, 1 xfailed, 1 error")],
)
def test_a_skip_is_a_failure_where_none_is_allowed(
    tmp_path: Path, no_skip: str, status: int, result: str
) -> None:
    (tmp_path / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text())
    (tmp_path / "test_skipping.py").write_text(SKIPPING)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-c", ROOT / "pyproject.toml", "--rootdir", ".", tmp_path],
        env={**os.environ, "TEST_NO_SKIP": no_skip, "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result in done.stdout
    assert done.returncode == status


ASKING = """
from tests.support.histories import REAL, history

def test_real(): history(REAL[0])
"""


@pytest.mark.parametrize(
    ("environment", "result", "status"),
    [
        ({}, "1 skipped", 0),
        ({"TEST_NO_SKIP": "1"}, "1 skipped", 0),
        ({"TEST_NO_SKIP": "1", "TEST_HISTORIES": "empty"}, "1 failed", 1),
    ],
)
def test_real_histories_may_be_absent_as_a_whole_and_are_skipped_by_name(
    tmp_path: Path, environment: dict[str, str], result: str, status: int
) -> None:
    clone = tmp_path / "clone"
    shutil.copytree(ROOT / "tests" / "support", clone / "tests" / "support")
    shutil.copy(ROOT / "tests" / "conftest.py", clone / "tests")
    shutil.copy(ROOT / "pyproject.toml", clone)
    (clone / "tests" / "test_asking.py").write_text(ASKING)
    ours = {"TEST_NO_SKIP", "TEST_HISTORIES"}
    others = {name: value for name, value in os.environ.items() if name not in ours}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "tests/test_asking.py"],
        env=others | environment,
        cwd=clone,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result in done.stdout
    assert "2004-12-25.ubuntu.txt is a real history" in done.stdout
    assert done.returncode == status
