"""Other versions of the data of skeletons, with which a test has the program go on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chatlog.audit.verification import decoding
from chatlog.domain import skeletons

Unicode = Callable[..., None]
"""Called with a version, and with lines of ``confusables.txt`` that it has beside this one's."""

K_IS_H = "0068 = 006B"
"""A line by which a k looks like an h."""


@pytest.fixture
def unicode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Unicode]:
    """Replaces the data of skeletons, as a newer or older program has other data."""
    known = skeletons._DATA.read_text("utf-8")

    def use(version: str, *lines: str) -> None:
        file = tmp_path / f"confusables-{version}.txt"
        file.write_text(known + "".join(f"{line}\n" for line in lines), "utf-8")
        monkeypatch.setattr(skeletons, "UNICODE_VERSION", version)
        monkeypatch.setattr(skeletons, "_DATA", file)
        _forget()

    yield use
    monkeypatch.undo()
    _forget()


def _forget() -> None:
    """Forget what one program computes once."""
    skeletons._prototypes.cache_clear()
    decoding._look.cache_clear()
