"""Blocks of pages and files of docs/deploy, and the places in them that a test has elsewhere."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
DEPLOY: Final = ROOT / "docs" / "deploy"


def block(language: str, having: str = "", page: str = "operations.md") -> str:
    """Return the one block of a language that has some words."""
    text = (ROOT / "docs" / page).read_text()
    found = re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    (one,) = [text for text in found if having in text]
    return str(one)


def moved(text: str, places: dict[str, str]) -> str:
    """Return a block with paths and ports of the test's own; each must be in it."""
    for written, here in places.items():
        assert written in text, written
        text = text.replace(written, here)
    return text
