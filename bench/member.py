"""One member of a room, as the generator holds it: a raw socket and what came through it."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass, field

from bench.dialects import CHATLOG, Dialect
from bench.frames import handshake, text_frame
from bench.marks import CARRY

HOST = "127.0.0.1"
_STEP_SECONDS = 60


@dataclass(slots=True, eq=False)
class Member:
    """A connection and its counts since the last ``reset``."""

    index: int
    room: str
    sock: socket.socket
    ack: bytes = CHATLOG.ack
    watched: bool = False
    """Every mark of a watched member is parsed: latency, order. The others' are counted."""
    marks: int = 0
    own_marks: int = 0
    acks: int = 0
    disorder: int = 0
    sent: int = 0
    bytes_in: int = 0
    closed: bool = False
    rest: bytes = bytes(CARRY)
    ack_rest: bytes = b""
    unsent: bytearray = field(default_factory=bytearray)
    last_number: dict[int, int] = field(default_factory=dict)
    latencies_ns: list[int] = field(default_factory=list)

    def reset(self) -> None:
        """Forget the counts, not the place in each sender's numbering."""
        self.marks = self.own_marks = self.acks = self.disorder = self.bytes_in = 0
        self.latencies_ns.clear()


async def open_member(index: int, room: str, port: int, dialect: Dialect) -> Member:
    """Connect and upgrade; the room is joined by ``join``."""
    sock = socket.socket()
    sock.setblocking(False)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(_STEP_SECONDS):
        await loop.sock_connect(sock, (HOST, port))
        await loop.sock_sendall(sock, _handshake(index, port, dialect))
        answer = await _read_until(sock, b"\r\n\r\n")
        if b" 101 " not in answer.split(b"\r\n", 1)[0]:
            raise ConnectionError(f"no upgrade: {answer[:200]!r}")
        if dialect.login:
            await _ask(sock, *dialect.login)
    return Member(index, room, sock, dialect.ack)


def _handshake(index: int, port: int, dialect: Dialect) -> bytes:
    token = None if dialect.token is None else dialect.token(username_of(index))
    return handshake(HOST, port, dialect.path, token)


def username_of(index: int) -> str:
    """Return a member's name."""
    return f"member {index}"


async def join(member: Member, dialect: Dialect) -> None:
    """Join the member's room and wait for the answer."""
    text = dialect.join(member.room, username_of(member.index))
    async with asyncio.timeout(_STEP_SECONDS):
        await _ask(member.sock, text, dialect.joined)


async def _ask(sock: socket.socket, text: str, answer: bytes) -> None:
    await asyncio.get_running_loop().sock_sendall(sock, text_frame(text))
    await _read_until(sock, answer)


async def _read_until(sock: socket.socket, token: bytes) -> bytes:
    loop = asyncio.get_running_loop()
    have = b""
    while token not in have:
        chunk = await loop.sock_recv(sock, 65536)
        if not chunk:
            raise ConnectionError(f"closed while waiting for {token!r}: {have[-256:]!r}")
        # Of what was read before, only as much is kept as the token may have begun in.
        have = have[-256:] + chunk
    return have
