"""A program that floods a server with frames, from a process of its own, and says what came of it.

``python -m tests.access.flooding PORT CONNECTIONS FRAMES < TOKEN`` sends so many frames: before
signing in without a token, else after it. Each of the connections sends ``BLOB_FRAMES`` of them and
a close frame in one go, reads to the end, and begins again. It prints counts as JSON.
"""

from __future__ import annotations

import base64
import json
import os
import socket
import struct
import sys
import threading
from collections import Counter
from collections.abc import Iterator

BAD = (
    "{",
    "[]",
    "\ud7ff" * 40,
    '{"type":"auth"}',
    '{"type":"auth","token":1}',
    '{"type":"auth","token":null}',
    '{"type":"nothing"}',
    '{"type":"member","room":"x","role":"king"}',
    '{"type":"redact","room":"x","of":[]}',
    '{"type":"redact","room":"x","of":[9223372036854775808]}',
    '{"type":"create","members":[]}',
    "[" * 100,
)
"""Frames that are answered ``bad_json``, ``bad_command`` or ``unknown_type``."""
REFUSED = (
    '{"type":"ping"}',
    '{"type":"join","room":"x"}',
    '{"type":"chat","room":"x","message":"x"}',
    '{"type":"history","room":"x"}',
)
"""Frames in form, which nobody may send before signing in."""
FORBIDDEN = (
    '{"type":"chat","room":"nowhere","message":"x"}',
    '{"type":"leave","room":"nowhere"}',
    '{"type":"auth","token":"not a token"}',
)
"""Frames in form, which are refused to whoever has signed in."""
BLOB_FRAMES = 1_000
WAIT_SECONDS = 30.0
CLOSE, TEXT = 8, 1


def frame(opcode: int, payload: bytes) -> bytes:
    """Return one frame, masked with zeros."""
    size = len(payload)
    head = struct.pack("!BB", 0x80 | opcode, 0x80 | min(size, 126))
    return head + (struct.pack("!H", size) if size >= 126 else b"") + bytes(4) + payload


def blob(texts: tuple[str, ...]) -> bytes:
    frames = [frame(TEXT, text.encode()) for text in texts]
    many = b"".join(frames[number % len(frames)] for number in range(BLOB_FRAMES))
    return many + frame(CLOSE, struct.pack("!H", 1000))


def opcodes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the server's frames."""
    at = 0
    while at + 2 <= len(data):
        size, begins = data[at + 1], at + 2
        if size == 126:
            size, begins = struct.unpack_from("!H", data, at + 2)[0], at + 4
        yield data[at] & 0x0F, data[begins : begins + size]
        at = begins + size


def connect(port: int, token: str) -> tuple[socket.socket, int]:
    """Shake hands; return the socket and the status."""
    sock = socket.create_connection(("127.0.0.1", port), timeout=WAIT_SECONDS)
    lines = {
        "Host": f"127.0.0.1:{port}",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
    }
    lines |= {"Authorization": f"Bearer {token}"} if token else {}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    sock.sendall(f"GET /ws HTTP/1.1\r\n{head}\r\n".encode())
    said = b""
    while not said.endswith(b"\r\n\r\n"):
        said += sock.recv(1)
    return sock, int(said.split()[1])


def read_to_end(sock: socket.socket) -> bytes:
    data = bytearray()
    while piece := sock.recv(1 << 16):
        data += piece
    return bytes(data)


class Flood:
    """Connections that send frames until there have been enough."""

    def __init__(self, port: int, token: str, frames: int) -> None:
        self._port, self._token, self._left = port, token, frames
        self._blobs = [blob(BAD), blob(FORBIDDEN if token else REFUSED)]
        self._lock = threading.Lock()
        self.came = Counter[str]()

    def run(self, connections: int) -> Counter[str]:
        threads = [threading.Thread(target=self._flood) for _ in range(connections)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return self.came

    def _next(self) -> bytes | None:
        with self._lock:
            if self._left <= 0:
                return None
            self._left -= BLOB_FRAMES
            return self._blobs[self._left // BLOB_FRAMES % len(self._blobs)]

    def _flood(self) -> None:
        while (told := self._next()) is not None:
            came = self._send(told)
            with self._lock:
                self.came += came

    def _send(self, told: bytes) -> Counter[str]:
        came = Counter[str](connections=1)
        sock, status = connect(self._port, self._token)
        with sock:
            if status != 101:
                return came + Counter({f"status {status}": 1})
            try:
                sock.sendall(told)
                came["sent"] += BLOB_FRAMES
                answers = read_to_end(sock)
            except ConnectionError:
                return came + Counter({"reset": 1})
        for opcode, payload in opcodes(answers):
            if opcode == CLOSE:
                came[f"closed with {struct.unpack_from('!H', payload)[0]}"] += 1
            elif b'"type":"error"' in payload:
                came["errors"] += 1
        return came


def main() -> None:
    port, connections, frames = map(int, sys.argv[1:])
    json.dump(Flood(port, sys.stdin.read().strip(), frames).run(connections), sys.stdout)


if __name__ == "__main__":
    main()
