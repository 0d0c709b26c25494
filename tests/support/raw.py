"""A WebSocket client on a bare socket: it can stand still, and send what no library would.

With ``receive_buffer`` the kernel takes almost nothing on behalf of a client that does not
read, so that the server feels it soon. Frames are recorded as ``Client`` records them.
"""

import asyncio
import base64
import contextlib
import json
import os
import socket
import struct
from dataclasses import dataclass, field
from typing import Any

from .frames import Frame
from .record import Closed, Connection, Record, Sent

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
WAIT_SECONDS = 20.0
PING_SECONDS = 5.0


@dataclass(slots=True)
class RawClient:
    record: Record
    connection: Connection
    sock: socket.socket
    status: int = 0
    _buffer: bytearray = field(default_factory=bytearray)

    async def send(self, kind: str, **fields: Any) -> None:
        command = {"type": kind, **fields}
        self.connection.entries.append(Sent(command))
        await self.send_frame(json.dumps(command).encode())

    async def send_frame(self, payload: bytes, opcode: int = TEXT) -> None:
        """Send one whole masked frame, whatever is in it."""
        size = len(payload)
        if size < 126:
            head = struct.pack("!BB", 0x80 | opcode, 0x80 | size)
        elif size < 65_536:
            head = struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, size)
        else:
            head = struct.pack("!BBQ", 0x80 | opcode, 0x80 | 127, size)
        # A mask of zeros leaves the payload as it is; every server has to take it.
        await asyncio.get_running_loop().sock_sendall(self.sock, head + bytes(4) + payload)

    async def receive(self) -> Frame | Closed:
        """Read on until one text frame or the end has come; pings are answered."""
        async with asyncio.timeout(WAIT_SECONDS):
            while self.connection.closed is None:
                opcode, payload = await self._frame()
                if opcode == TEXT:
                    frame = self.record.frame(payload.decode())
                    self.connection.entries.append(frame)
                    return frame
                if opcode == CLOSE:
                    self.close(_closed(payload))
                if opcode == PING:
                    await self.send_frame(payload, PONG)
            return self.connection.closed

    async def wait(self, kind: str) -> Frame:
        """Read on until a frame of this type has come."""
        while isinstance(entry := await self.receive(), Frame):
            if entry.type == kind:
                return entry
        raise AssertionError(f"{self.connection.label} waited for {kind} and got {entry}")

    async def read_to_end(self) -> Closed:
        """Read all that is left, and how it ends."""
        pinging = asyncio.create_task(self._ping())
        try:
            while isinstance(entry := await self.receive(), Frame):
                pass
        finally:
            pinging.cancel()
        return entry

    async def _ping(self) -> None:
        """Ping a server that may be waiting or gone, as real clients do.

        If the window was full, and the packet that opens it is lost, the server's kernel asks only
        after as long as it has waited already.
        """
        with contextlib.suppress(OSError):
            while True:
                await asyncio.sleep(PING_SECONDS)
                await self.send_frame(b"", PING)

    async def _frame(self) -> tuple[int, bytes]:
        try:
            first, second = await self._exactly(2)
            size = second & 0x7F
            if size == 126:
                (size,) = struct.unpack("!H", await self._exactly(2))
            elif size == 127:
                (size,) = struct.unpack("!Q", await self._exactly(8))
            return first & 0x0F, await self._exactly(size)
        except ConnectionError:
            return CLOSE, b""

    async def _exactly(self, size: int) -> bytes:
        while len(self._buffer) < size:
            data = await asyncio.get_running_loop().sock_recv(self.sock, 65_536)
            if not data:
                raise ConnectionResetError
            self._buffer += data
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    def close(self, how: Closed | None = None) -> None:
        """Let go of the socket without a word."""
        self.sock.close()
        if self.connection.closed is None:
            self.connection.entries.append(how or Closed(None))


def _closed(payload: bytes) -> Closed:
    if len(payload) < 2:
        return Closed(None)
    return Closed(struct.unpack("!H", payload[:2])[0], payload[2:].decode())


async def connect(
    record: Record,
    connection: Connection,
    port: int,
    path: str,
    *,
    receive_buffer: int | None = None,
    headers: dict[str, str] | None = None,
) -> RawClient:
    """Open a socket and shake hands; ``Clients.connect_bare`` also closes it at the end."""
    loop, sock = asyncio.get_running_loop(), socket.socket()
    sock.setblocking(False)
    if receive_buffer is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    await loop.sock_connect(sock, ("127.0.0.1", port))
    client = RawClient(record, connection, sock)
    await loop.sock_sendall(sock, _upgrade(port, path, headers or {}))
    client.status = await _status(client)
    return client


def _upgrade(port: int, path: str, headers: dict[str, str]) -> bytes:
    lines = {
        "Host": f"127.0.0.1:{port}",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
        "Sec-WebSocket-Version": "13",
        **headers,
    }
    request = "".join(f"{key}: {value}\r\n" for key, value in lines.items())
    return f"GET {path} HTTP/1.1\r\n{request}\r\n".encode()


async def _status(client: RawClient) -> int:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += await client._exactly(1)
    return int(head.split()[1])
