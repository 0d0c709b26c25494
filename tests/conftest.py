"""What holds for every test: no skip where none is allowed, no blocked event loop.

With ``TEST_NO_SKIP=1`` (``.ci/run``) a skipped test is a failure: on a machine that
should have everything, a skip hides a test that has stopped running. Only the real histories,
which are no part of the repository, may be absent as a whole.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Generator, Iterator
from importlib.util import find_spec, module_from_spec

import pytest
from blockbuster import BlockBuster, blockbuster_ctx

from tests.support.histories import is_absent

pytest_plugins = ["tests.support.postgres"]

NO_SKIP = os.environ.get("TEST_NO_SKIP") == "1"

# These only do arithmetic on paths: SQLAlchemy's engine calls them when it is made.
HARMLESS = ("os.getcwd", "os.path.abspath", "os.path.samestat")

# Calls that may block although code of chatlog has made them, by file and function.
MAY_BLOCK = (
    # Migrations read their scripts while the server is starting and serves nobody yet.
    ("alembic/command.py", {"current", "stamp", "upgrade"}),
    ("alembic/runtime/environment.py", {"run_migrations"}),
    ("alembic/script/base.py", {"from_config", "get_current_head", "get_heads"}),
    # So does a node that opens its SQLite file: its lock, and the socket beside it.
    ("chatlog/databases/sqlite/lockfile.py", {"take", "tell", "release"}),
    ("chatlog/operations/control_socket.py", {"listening", "choose", "remove"}),
    # SQLite's thread looks where its file lies; a simulated machine has only the loop.
    ("chatlog/databases/sqlite/in_place.py", {"check"}),
    ("chatlog/databases/sqlite/read_only.py", {"open_read_only"}),
    ("chatlog/web/pages.py", {"add_pages"}),
    # So does a node that reads its keys for tokens; later they are read in a thread.
    ("chatlog/tokens/file_keys.py", {"__init__", "read_secret"}),
    # The first skeleton reads its table, once in 10 ms.
    ("chatlog/domain/skeletons.py", {"_prototypes"}),
    # The loop of a command (but `serve`) serves one person, who waits for it anyway.
    ("chatlog/cli/options.py", {"run"}),
    # A new connection looks for certificates and passwords in the home folder.
    ("asyncpg/connect_utils.py", {"_parse_connect_dsn_and_args"}),
)


def pytest_configure() -> None:
    """Take Ctrl-C again after a shell began the tests in the background, and SIGHUP after nohup.

    They have it ignored, by all that the tests start too, and some of that must hear it.
    """
    for number, usual in (
        (signal.SIGINT, signal.default_int_handler),
        (signal.SIGHUP, signal.SIG_DFL),
    ):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, usual)


@pytest.fixture(scope="session", autouse=True)
def no_blocked_loop() -> Iterator[BlockBuster]:
    """A call that blocks a running event loop raises ``BlockingError``, if chatlog made it.

    Tests themselves may block, and so may the command line, whose loop serves one person.
    """
    # Found, not imported: a test of the domain must not need the command line.
    command_line = find_spec("chatlog.cli")
    assert command_line is not None
    excluded = [module_from_spec(command_line)]
    with blockbuster_ctx("chatlog", excluded_modules=excluded) as detector:
        for name in HARMLESS:
            detector.functions[name].deactivate()
        for function in detector.functions.values():
            for file, names in MAY_BLOCK:
                function.can_block_in(file, names)
        yield detector


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skipped test into a failed one where no skip is allowed."""
    report = yield
    if NO_SKIP and report.skipped and not hasattr(report, "wasxfail"):
        _fail(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a module that is skipped as a whole."""
    report = yield
    if NO_SKIP and report.skipped:
        _fail(report)
    return report


def _fail(report: pytest.TestReport | pytest.CollectReport) -> None:
    *_, reason = report.longrepr if isinstance(report.longrepr, tuple) else (report.longrepr,)
    if is_absent(str(reason)):
        return
    report.outcome = "failed"
    report.longrepr = f"{report.nodeid}: {reason} (skips are failures here)"
