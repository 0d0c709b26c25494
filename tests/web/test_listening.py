"""Listening: every address of every host on one port, and a sentence where that cannot be."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from chatlog.web.network.listening import CannotListen, listen
from tests.support.server import free_port

EVERYWHERE = {"0.0.0.0", "::"}


@contextmanager
def closing(listeners: list[socket.socket]) -> Iterator[list[tuple[str, int]]]:
    """Yield where they listen."""
    yield [listener.getsockname()[:2] for listener in listeners]
    for listener in listeners:
        listener.close()


@pytest.mark.parametrize(
    ("hosts", "addresses"),
    [
        (["127.0.0.1"], {"127.0.0.1"}),
        (["[::1]"], {"::1"}),
        (["[::ffff:127.0.0.1]"], {"127.0.0.1"}),
        (["127.0.0.1", "::1"], {"127.0.0.1", "::1"}),
        (["127.0.0.1", "127.0.0.2", "127.0.0.1"], {"127.0.0.1", "127.0.0.2"}),
        (["0.0.0.0"], {"0.0.0.0"}),
        (["::"], EVERYWHERE),
        (["[::]"], EVERYWHERE),
        ([""], EVERYWHERE),
        (["127.0.0.1", "::"], EVERYWHERE),
        (["::", "0.0.0.0", "::1"], EVERYWHERE),
    ],
)
async def test_every_address_of_every_host_is_listened_on_at_one_port(
    hosts: list[str], addresses: set[str]
) -> None:
    for port in (0, free_port()):
        with closing(await listen(hosts, port)) as places:
            assert {address for address, _ in places} == addresses
            assert len(places) == len(addresses)
            assert len({port for _, port in places}) == 1
            assert port in (0, places[0][1])


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("192.0.2.1", "of 192.0.2.1 cannot be listened on: Cannot assign requested address."),
        ("no-such-host.invalid", "no-such-host.invalid cannot be listened on: "),
        ("a" * 70, "cannot be listened on: "),
        ("127.0.0.1:8080", "127.0.0.1:8080 cannot be listened on: "),
    ],
)
async def test_a_host_that_cannot_be_listened_on_is_named(host: str, words: str) -> None:
    with pytest.raises(CannotListen) as refused:
        await listen(["127.0.0.1", host], 0)
    assert words in str(refused.value)
    assert "Errno" not in str(refused.value)


async def test_a_port_that_is_taken_is_named_with_its_address_and_nothing_stays_open() -> None:
    with socket.create_server(("127.0.0.2", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CannotListen) as refused:
            await listen(["127.0.0.1", "127.0.0.2"], port)
        said = f"Port {port} of 127.0.0.2 cannot be listened on: Address already in use."
        assert str(refused.value) == said
        socket.create_server(("127.0.0.1", port)).close()


@pytest.mark.parametrize("host", ["::", "localhost"])
async def test_without_ipv6_what_there_is_is_listened_on(
    monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    create = socket.create_server

    def without_ipv6(address: Any, *, family: int, backlog: int) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(errno.EAFNOSUPPORT, "Address family not supported by protocol")
        return create(address, family=family, backlog=backlog)

    monkeypatch.setattr(socket, "create_server", without_ipv6)
    with closing(await listen([host], 0)) as places:
        assert len(places) == 1
    with pytest.raises(CannotListen, match="::1 cannot be listened on: Address family"):
        await listen(["::1"], 0)
