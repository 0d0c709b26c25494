"""What was spooled is read again as it was written, whole lines at a time."""

from __future__ import annotations

import pytest

from chatlog.cli.operating import spool as spooling
from chatlog.cli.operating.spool import spooled


@pytest.mark.parametrize("in_memory", [1, 1_000])
@pytest.mark.parametrize(
    "text", [b"", b"a\n", b"abc\nabcd\n", b"abcd\nabcdefghijkl\n\n\nab\n", b"abc\nab"]
)
def test_a_spool_yields_whole_lines(
    text: bytes, in_memory: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spooling, "_CHUNK_BYTES", 4)
    monkeypatch.setattr(spooling, "_IN_MEMORY_BYTES", in_memory)
    with spooled() as spool:
        for part in text.splitlines(keepends=True):
            spool.write(part)
        found = list(spool.read())
    assert b"".join(found) == text
    assert all(part.endswith(b"\n") for part in found[:-1])
    longest = max(map(len, text.splitlines(keepends=True)), default=0)
    assert all(len(part) <= 4 + longest for part in found)
