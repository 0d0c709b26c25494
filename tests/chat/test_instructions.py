"""What a chat costs below Python: its machine instructions, and the memory it leaves behind.

valgrind counts the instructions of a whole process: of the interpreter, SQLite and OpenSSL, in all
threads. A C function that has become slower shows here, and not in ``test_costs``. Counts of a chat
to ten members, in a batch of 500, with its commit (x86-64, valgrind 3.19):

=================  =======
Python             a chat
=================  =======
3.11.2 of Debian   267,000
3.11.7 from pyenv  292,000
3.12.1 from pyenv  286,000
3.13.0 from pyenv  277,000
=================  =======

Runs of one build differ by less than 2 percent. On 3.11.7, encoding each event twice adds 9,500,
hashing it twice 15,000, and dispatching each event by itself 40,000, which is too much.
``bench/README.md`` says how to repeat it and how to find the functions that take most.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from pathlib import Path
from shutil import which

import pytest

from tests.support.counted_chats import BATCH, MARK, join, send
from tests.support.nodes import node_on

ROOT = Path(__file__).parents[2]
LEAST, MOST = 100_000, 325_000
"""Instructions. The most is 11 percent above the highest of these counts; below the least, valgrind
has not counted the batch."""
MOST_BLOCKS = BATCH / 10
"""Ten were found, most of them weak references that each commit leaves until they are cleared."""

needs_valgrind = pytest.mark.skipif(
    which("valgrind") is None or which("vgdb") is None, reason="valgrind is not installed"
)


@pytest.mark.slow
@needs_valgrind
def test_a_chat_to_ten_members_takes_so_many_instructions(tmp_path: Path) -> None:
    counts = tmp_path / "counts"
    tool = ("--tool=callgrind", "--instr-atstart=no", f"--dump-before={MARK}")
    program = (sys.executable, "-m", "tests.support.counted_chats", f"sqlite:///{tmp_path}/c.db")
    done = subprocess.run(
        ("valgrind", *tool, f"--callgrind-out-file={counts}", *program),
        cwd=ROOT,
        # Nothing else of the environment: a measurement of coverage would be counted, too.
        env={"PATH": os.environ["PATH"], "PYTHONHASHSEED": "0", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    of_a_chat = total(Path(f"{counts}.2")) // BATCH  # .1 is what came before the batch
    assert LEAST < of_a_chat < MOST


def total(counts: Path) -> int:
    """Return the instructions that callgrind has written into a file."""
    line = next(line for line in counts.read_text().splitlines() if line.startswith("totals: "))
    return int(line.removeprefix("totals: "))


async def test_a_batch_of_chats_leaves_no_memory_behind(sqlite_url: str) -> None:
    """The room keeps an eighth of 64 KiB of frames, and the first batch has more."""
    async with node_on(sqlite_url, max_in_flight=BATCH + 1, max_recent_bytes=65_536) as node:
        members = await join(node)
        blocks = []
        for name in ("a", "b", "c"):
            await send(node, members, name)
            # The committer keeps its last batch until it has another one, here of one chat.
            await send(node, members, f"after {name}", 1)
            gc.collect()
            blocks.append(sys.getallocatedblocks())
        room = node.rooms.get("general")
        assert room is not None
        assert room.feed.recent.first > 2 * BATCH
        assert blocks[2] - blocks[1] < MOST_BLOCKS
