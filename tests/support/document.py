"""docs/log-format.md: its blocks of code, and its verifier run as a stranger would."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

DOCUMENT = (Path(__file__).parents[2] / "docs" / "log-format.md").read_text()


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", DOCUMENT, re.DOTALL)
    assert found is not None
    return found[1]


def verdict(tmp_path: Path, lines: list[bytes]) -> subprocess.CompletedProcess[str]:
    """What the document's verifier says of an export, run as a stranger would."""
    verifier, export = tmp_path / "verify.py", tmp_path / "export.jsonl"
    verifier.write_text(block("python"))
    export.write_bytes(b"".join(line + b"\n" for line in lines))
    command = [sys.executable, "-I", str(verifier), str(export)]
    return subprocess.run(command, capture_output=True, text=True, check=False)
