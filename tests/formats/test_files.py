"""What is imported is a regular file, and whoever reads it can be told to end."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from chatlog.domain.errors import LogError
from chatlog.formats.files import Files, files
from chatlog.formats.history import History, Reading

LINES = b"".join(b"[10:00] <ada> line %d\n" % number for number in range(20_000))


@pytest.mark.parametrize("packed", [False, True])
def test_a_reader_ends_within_a_buffer_once_it_is_told_to(tmp_path: Path, *, packed: bool) -> None:
    file = tmp_path / "2006-12-10.log"
    file.write_bytes(gzip.compress(LINES) if packed else LINES)
    with files() as lent:
        opened = lent.unpacked(file)()
        first = opened.readline()
    with opened, pytest.raises(LogError, match="interrupted"):
        assert len(opened.read()) < len(LINES) - len(first)
    with pytest.raises(LogError, match="interrupted"):
        History(Reading(str(file), file.name), lent)


def test_a_pipe_is_refused_without_waiting_for_its_writer(tmp_path: Path) -> None:
    pipe = tmp_path / "2006-12-10.pipe"
    os.mkfifo(pipe)
    with pytest.raises(LogError, match="regular file"):
        History(Reading(str(pipe), pipe.name))
    with pytest.raises(LogError, match="regular file"):
        Files().open(tmp_path)
