"""An outlet without a socket: its reader keeps up, reads slowly, or not at all."""

from __future__ import annotations


class FakeOutlet:
    """Keeps what was written; ``unread`` bytes wait, none of them while it ``keeps_up``."""

    def __init__(self, *, keeps_up: bool = True) -> None:
        self.keeps_up = keeps_up
        self.is_open = True
        self.got = bytearray()
        self.writes: list[int] = []
        self.unread = 0
        self.most_unread = 0
        self.closed: tuple[int, bytes] | None = None

    def write(self, frames: bytes, /) -> None:
        if not self.is_open:
            return
        self.got += frames
        self.writes.append(len(frames))
        if not self.keeps_up:
            self.unread += len(frames)
            self.most_unread = max(self.most_unread, self.unread)

    def write_soon(self, frames: bytes, /) -> None:
        self.write(frames)

    def gather(self, *, on: bool) -> None:
        self.gathers = on

    def waiting(self) -> int:
        return self.unread

    def let_go(self, code: int, reason: bytes = b"") -> None:
        if self.is_open:
            self.closed = (code, reason)
            self.is_open = False

    def read(self, size: int | None = None) -> None:
        """Take so many bytes off what waits, or all."""
        self.unread -= self.unread if size is None else min(size, self.unread)


async def never_read(first: int, last: int) -> list[bytes]:
    """Read the frames of a member that needs none from the log."""
    raise AssertionError(f"the frames from {first} to {last} were read from the log")
