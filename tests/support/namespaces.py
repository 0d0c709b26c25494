"""A network namespace: a machine of its own for a node, whose way to the database can be cut.

Two links lead into it: clients come by one, and the node reaches the database by the other. A
cut takes the second one down: nothing is refused or reset, packets just don't arrive.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

IP = shutil.which("ip", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


@dataclass(frozen=True, slots=True)
class Namespace:
    """Addresses are 10.213.N.1 and .5 here, 10.213.N.2 and .6 inside."""

    number: int

    @property
    def name(self) -> str:
        return f"chatlog-{self.number}"

    @property
    def enter(self) -> tuple[str, ...]:
        """The words before a command that run it inside."""
        return (str(IP), "netns", "exec", self.name)

    @property
    def inside(self) -> str:
        """The address by which clients reach a server inside."""
        return f"10.213.{self.number}.2"

    @property
    def outside(self) -> str:
        """The address by which a server inside reaches the database, unless it is cut off."""
        return f"10.213.{self.number}.5"

    async def cut(self) -> None:
        await asyncio.to_thread(_ip, f"link set dev {self._link('database')} down")

    async def mend(self) -> None:
        await asyncio.to_thread(_ip, f"link set dev {self._link('database')} up")

    def lay(self) -> None:
        """Make the links."""
        for kind, here, there in (("clients", 1, 2), ("database", 5, 6)):
            link, net = self._link(kind), f"10.213.{self.number}"
            _ip(f"link add {link} type veth peer name {kind} netns {self.name}")
            _ip(f"addr add {net}.{here}/30 dev {link}")
            _ip(f"link set dev {link} up")
            _ip(f"-n {self.name} addr add {net}.{there}/30 dev {kind}")
            _ip(f"-n {self.name} link set dev {kind} up")
        _ip(f"-n {self.name} link set dev lo up")

    def _link(self, kind: str) -> str:
        return f"chat-{kind[0]}{self.number}"  # at most 15 characters


@contextmanager
def network_namespace() -> Iterator[Namespace]:
    """Make a namespace with its links, and remove them at the end. Only root may."""
    if IP is None:
        pytest.skip("ip is not installed: `apt-get install iproute2`")
    if os.geteuid() != 0:
        pytest.skip("only root makes network namespaces")
    namespace = _made()
    try:
        namespace.lay()
        yield namespace
    finally:
        _ip(f"netns delete {namespace.name}")


def _made() -> Namespace:
    """Make the first namespace whose number nobody else has."""
    for number in range(1, 250):
        try:
            _ip(f"netns add chatlog-{number}")
        except subprocess.CalledProcessError as error:
            if "exists" not in error.stderr:
                raise
        else:
            return Namespace(number)
    raise AssertionError("249 namespaces are in use")


def _ip(arguments: str) -> None:
    command = [str(IP), *arguments.split()]
    subprocess.run(
        command, check=True, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20
    )
