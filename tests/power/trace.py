"""The trace of a server: what it asked of the disk and what it told its clients, in order."""

import os
import re
import shutil
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SOURCE: Final = Path(__file__).with_name("tracer.c")
_HEAD: Final = struct.Struct("=cHQI")
CHAT_ID: Final = "chat-"
"""What the ids of the workload's chats begin with; acks of other commands have ids too."""

# What every frame about an event says of it, and an ack of a chat in addition.
_TOLD: Final = re.compile(
    rb'(?:"type":"ack","id":"(chat-[^"]+)",)?"room":"([^"]+)","seq":(\d+),"hash":"([0-9a-f]{16})"'
)


@dataclass(frozen=True, slots=True)
class Step:
    """One record: see ``tracer.c`` for the ops."""

    op: str
    name: str
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Told:
    """An event that a client was told of, and so must never be lost.

    ``id`` is the chat's where the client was told by its ack, else None.
    """

    room: str
    seq: int
    hash: str
    id: str | None


def compiler() -> str | None:
    return shutil.which("cc") or shutil.which("gcc")


def build_tracer(folder: Path) -> Path:
    """Compile the library to preload."""
    library = folder / "tracer.so"
    found = compiler()
    assert found is not None, "no C compiler"
    command = [found, "-shared", "-fPIC", "-O2", "-Wall", "-o", str(library), str(SOURCE), "-ldl"]
    subprocess.run(command, check=True)
    return library


def traced(library: Path, folder: Path, trace: Path) -> dict[str, str]:
    """Return the environment of a server whose files in ``folder`` are to be traced."""
    preload = {"LD_PRELOAD": str(library), "TRACE_FOLDER": str(folder), "TRACE_FILE": str(trace)}
    return {**os.environ, **preload}


def read_trace(path: Path) -> Iterator[Step]:
    raw = path.read_bytes()
    place = 0
    while place < len(raw):
        op, name_length, offset, size = _HEAD.unpack_from(raw, place)
        place += _HEAD.size
        name = raw[place : place + name_length].decode()
        place += name_length
        yield Step(op.decode(), name, offset, raw[place : place + size])
        place += size


def told(step: Step) -> Iterator[Told]:
    """Read from bytes sent to a client which events they tell of."""
    for key, room, seq, digest in _TOLD.findall(step.data):
        yield Told(room.decode(), int(seq), digest.decode(), key.decode() or None)
