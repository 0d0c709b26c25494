"""Reading at the least cost, so that the generator stays cheaper than the server.

Most members are only swept now and then: one read into a shared buffer, and the marks in it
are counted. Watched ones are read as data arrives and every mark is parsed.
"""

from __future__ import annotations

import time

from bench.marks import CARRY, MARK, PARSED
from bench.member import Member

_BUFFER = bytearray(1 << 18)
_VIEW = memoryview(_BUFFER)
_ROOM = len(_BUFFER) - CARRY


def sweep(member: Member) -> int:
    """Read what is there and count; answer how many marks it held."""
    before = member.marks
    while not member.closed:
        _BUFFER[:CARRY] = member.rest
        size = _read_into(member, CARRY)
        if size <= 0:
            break
        member.marks += _BUFFER.count(MARK, 0, CARRY + size)
        member.rest = bytes(_VIEW[size : size + CARRY])
        if size < _ROOM:
            break
    return member.marks - before


def parse(member: Member) -> int:
    """Read once, parse every mark; answer how many were the member's own."""
    size = _read_into(member, 0)
    if size <= 0:
        return 0
    now = time.perf_counter_ns()
    data = member.rest + _VIEW[:size]
    own = end = 0
    for match in PARSED.finditer(data):
        end = match.end()
        sent_ns, sender, number = map(int, match.groups())
        member.latencies_ns.append(now - sent_ns)
        _check_order(member, sender, number)
        member.marks += 1
        own += sender == member.index
    member.own_marks += own
    _count_acks(member, size)
    member.rest = _unparsed(data, end)
    return own


def _read_into(member: Member, offset: int) -> int:
    """Read past ``offset`` in the buffer: the size, 0 when closed, -1 when nothing is there."""
    try:
        size = member.sock.recv_into(_VIEW[offset:])
    except BlockingIOError:
        return -1
    except OSError:
        size = 0
    member.bytes_in += size
    member.closed = size == 0
    return size


def _count_acks(member: Member, size: int) -> None:
    data = member.ack_rest + _VIEW[:size]
    member.acks += data.count(member.ack)
    member.ack_rest = data[-(len(member.ack) - 1) :]


def _check_order(member: Member, sender: int, number: int) -> None:
    last = member.last_number.get(sender)
    if last is not None and number != last + 1:
        member.disorder += 1
    member.last_number[sender] = number


def _unparsed(data: bytes, end: int) -> bytes:
    """Return what may be the beginning of a mark: from an unfinished one on, or the last bytes."""
    begun = data.rfind(MARK, end)
    return data[begun:] if begun >= 0 else data[max(end, len(data) - CARRY) :]
