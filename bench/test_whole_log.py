"""Each command that ``bench.whole_log`` measures reads or writes what it is said to."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.whole_log import COMMANDS, Size


@pytest.mark.slow
def test_each_command_reads_or_writes_all_that_it_counts(tmp_path: Path) -> None:
    log = Size(tmp_path, 400)
    verified, exported_all, exported, restored, imported = (
        command(log) for command in COMMANDS.values()
    )
    assert verified == exported_all == 400
    assert 0 < exported == restored < 400
    assert imported > log.messages > 50  # whoever says something has joined, and leaves
