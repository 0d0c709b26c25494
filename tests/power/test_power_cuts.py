"""Power cuts under the real server: what a client was told of is on the disk.

The server runs under ``tracer.c``; its trace is cut at random moments and what the disk may
then hold is opened (``disk.py``). ``kill -9`` would prove nothing of this: the page cache
outlives it.
"""

import asyncio
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.record import Record

from .cuts import cut_power, disk_after
from .disk import Luck, write_files
from .trace import CHAT_ID, Step, build_tracer, compiler, read_trace, told
from .workload import DATABASE, play

FILES = {DATABASE, f"{DATABASE}-wal", f"{DATABASE}-journal", "."}
IMAGES = 1000
PLANTED_IMAGES = 150

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(240),
    pytest.mark.skipif(compiler() is None, reason="no C compiler to build the tracer with"),
]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tracer(tmp_path_factory.mktemp("tracer"))


@pytest.fixture(scope="module")
def real(library: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Step]:
    """The trace of the server as it is."""
    return traced_run(library, tmp_path_factory.mktemp("real"), "-m", "chatlog")


def traced_run(library: Path, folder: Path, *start: str) -> list[Step]:
    """Run the workload and return its trace, made sure to show what matters."""
    trace = folder / "trace"
    record = asyncio.run(play(library, folder / "data", trace, *start, seed=1))
    steps = [step for step in read_trace(trace) if step.op == "N" or step.name in FILES]
    assert not any(step.op == "X" for step in steps), "the database is written in a new way"
    assert acknowledged(record) == seen_by_tracer(steps), "the sockets are written in a new way"
    assert any(step.op == "W" and step.name == DATABASE for step in steps[len(steps) // 4 : -50]), (
        "no checkpoint in the middle of the run: the hardest moments are missing"
    )
    return steps


def acknowledged(record: Record) -> set[str]:
    """The ids of the chats whose ack a client has read."""
    frames = [frame.data for connection in record.connections for frame in connection.frames]
    ids = {str(frame.get("id")) for frame in frames if frame.get("type") == "ack"}
    return {key for key in ids if key.startswith(CHAT_ID)}


def seen_by_tracer(steps: list[Step]) -> set[str]:
    """The ids of the chats whose ack stands in the trace."""
    return {event.id for step in steps if step.op == "N" for event in told(step) if event.id}


def test_nothing_a_client_was_told_is_lost_in_a_thousand_power_cuts(
    real: list[Step], tmp_path: Path
) -> None:
    verdict = cut_power(real, DATABASE, IMAGES, tmp_path / "image", seed=1)
    assert verdict.images == IMAGES
    assert not verdict.lost
    assert not verdict.corrupt
    assert not verdict.gaps


def test_the_chain_verifies_after_a_power_cut(real: list[Step], tmp_path: Path) -> None:
    image = tmp_path / "image"
    for seed, luck in enumerate(Luck):
        moment = random.Random(seed).randrange(len(real) // 2, len(real))
        write_files(disk_after(real[:moment]).after_power_cut(luck, random.Random(seed)), image)
        database = f"sqlite:///{image / DATABASE}"
        verify = [sys.executable, "-m", "chatlog", "verify", "--database", database]
        done = subprocess.run(verify, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_with_fewer_syncs_acknowledged_chats_are_lost(library: Path, tmp_path: Path) -> None:
    plant = Path(__file__).with_name("plant_normal.py")
    steps = traced_run(library, tmp_path, str(plant))
    verdict = cut_power(steps, DATABASE, PLANTED_IMAGES, tmp_path / "image", seed=1)
    assert verdict.lost, "the judge sees nothing: it proves nothing of the real server"
    assert not verdict.corrupt
