"""The outlet of a socket: frames until closing begins, then one close frame, then a cut."""

from __future__ import annotations

import asyncio

import pytest

from chatlog.web.sockets import outlet as module
from chatlog.web.sockets.outlet import SocketOutlet


class Transport(asyncio.Transport):
    """Keeps what was written; ``gone`` as uvloop's is once the connection is lost."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.writes: list[bytes] = []
        self.closing = self.aborted = self.gone = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self.gone:
            raise RuntimeError("unable to perform operation; the handler is closed")
        self.written += bytes(data)
        self.writes.append(bytes(data))

    def get_write_buffer_size(self) -> int:
        return len(self.written)

    def is_closing(self) -> bool:
        return self.closing

    def close(self) -> None:
        self.closing = True

    def abort(self) -> None:
        self.closing = self.aborted = True


@pytest.fixture
def transport() -> Transport:
    return Transport()


async def test_frames_go_to_the_transport_and_what_waits_is_the_transport_s(
    transport: Transport,
) -> None:
    outlet = SocketOutlet(transport)
    outlet.write(b"one")
    outlet.write(b"two")
    assert transport.written == b"onetwo"
    assert outlet.waiting() == 6
    assert outlet.is_open


async def test_letting_go_writes_one_close_frame_and_nothing_after(transport: Transport) -> None:
    outlet = SocketOutlet(transport)
    outlet.let_go(4408, b'{"after":7}')
    outlet.write(b"late")
    outlet.let_go(1001)
    assert transport.written == b'\x88\x0d\x11\x38{"after":7}'
    assert outlet.closed_with == 4408
    assert not outlet.is_open
    outlet.forget()


async def test_who_does_not_answer_the_close_is_cut(
    transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CUT_SECONDS", 0.005)
    SocketOutlet(transport).let_go(1001)
    assert not transport.aborted
    await asyncio.sleep(0.02)
    assert transport.aborted


async def test_an_ended_connection_is_not_cut_any_more(
    transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CUT_SECONDS", 0.005)
    outlet = SocketOutlet(transport)
    outlet.let_go(1001)
    outlet.forget()
    await asyncio.sleep(0.02)
    assert not transport.aborted
    assert outlet.closed_with == 1001


async def test_a_forgotten_outlet_takes_nothing(transport: Transport) -> None:
    outlet = SocketOutlet(transport)
    outlet.forget()
    outlet.write(b"late")
    assert transport.written == b""
    assert (outlet.is_open, outlet.closed_with) == (False, 1006)


async def test_a_closing_transport_is_not_written_a_close_frame(transport: Transport) -> None:
    outlet = SocketOutlet(transport)
    transport.close()
    assert not outlet.is_open
    outlet.let_go(1001)
    assert transport.written == b""


async def test_writing_to_a_transport_that_is_gone_raises_nothing(transport: Transport) -> None:
    outlet = SocketOutlet(transport)
    transport.gone = True
    outlet.write(b"lost")
    assert not outlet.is_open
    outlet.write(b"lost")
    outlet.let_go(1001)
    outlet.forget()


async def test_an_ack_goes_with_the_frames_that_follow_in_one_write(transport: Transport) -> None:
    outlet = SocketOutlet(transport)
    outlet.write_soon(b"ack")
    outlet.write_soon(b"ack")
    assert transport.writes == []
    outlet.write(b"frames")
    await asyncio.sleep(0)
    assert transport.writes == [b"ackackframes"]


async def test_an_ack_without_frames_goes_when_others_have_their_turn(
    transport: Transport,
) -> None:
    outlet = SocketOutlet(transport)
    outlet.write_soon(b"ack")
    await asyncio.sleep(0)
    assert transport.writes == [b"ack"]


async def test_the_frames_of_several_rooms_leave_in_one_write(transport: Transport) -> None:
    outlet = SocketOutlet(transport)
    outlet.gather(on=True)
    outlet.write_soon(b"ack")
    outlet.write(b"one room's")
    outlet.write(b"another's")
    assert outlet.waiting() == len(b"ackone room'sanother's")
    await asyncio.sleep(0)
    assert transport.writes == [b"ackone room'sanother's"]
    outlet.gather(on=False)
    outlet.write(b"at once")
    assert transport.writes[1:] == [b"at once"]


async def test_what_was_held_comes_before_the_close_frame(transport: Transport) -> None:
    outlet = SocketOutlet(transport)
    outlet.write_soon(b"ack")
    outlet.let_go(4408)
    await asyncio.sleep(0)
    assert transport.writes == [b"ack", b"\x88\x02\x11\x38"]


async def test_nothing_that_was_held_is_written_once_closing_has_begun(
    transport: Transport,
) -> None:
    outlet = SocketOutlet(transport)
    outlet.write_soon(b"ack")
    outlet.shut(1000)
    await asyncio.sleep(0)
    assert transport.writes == []


async def test_what_was_held_is_written_before_the_client_s_close_is_answered(
    transport: Transport,
) -> None:
    outlet = SocketOutlet(transport)
    outlet.write_soon(b"ack")
    outlet.let_go(1000)
    outlet.write(b"later")
    await asyncio.sleep(0)
    assert transport.writes == [b"ack", b"\x88\x02\x03\xe8"]


async def test_an_outlet_that_gathered_is_in_no_cycle_once_it_is_forgotten(
    transport: Transport,
) -> None:
    outlet = SocketOutlet(transport)
    outlet.gather(on=True)
    outlet.forget()
    assert outlet.waiting == transport.get_write_buffer_size
