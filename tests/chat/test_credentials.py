"""When the end of a token is announced, and when it comes, on a clock that never waits."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from chatlog.chat.people.access import Access
from chatlog.chat.people.credentials import Credentials
from chatlog.domain.identity import Identity
from tests.flows.simulation.machine import VirtualLoop

BEGAN = 1_790_000_000.0


class _Counts:
    def add(self, _key: object) -> bool:
        return True


@dataclass
class _Access:
    """Takes any identity's name for good."""

    auth_seconds: float = 5.0
    connections: _Counts = field(default_factory=_Counts)

    async def name_of(self, _identity: Identity) -> str:
        return "ada"

    def is_revoked(self, _identity: Identity) -> bool:
        return False


@dataclass
class _Outlet:
    """Notes when each frame came, in seconds since the beginning, and the end."""

    loop: VirtualLoop
    came: list[tuple[str, float]] = field(default_factory=list)

    def write(self, frame: bytes, /) -> None:
        kind = json.loads(frame[frame.index(b"{") :])["type"]
        self.came.append((kind, self.loop.now))

    def let_go(self, code: int, _reason: bytes = b"") -> None:
        self.came.append((str(code), self.loop.now))


def told(
    monkeypatch: pytest.MonkeyPatch, lasts: float, renewed: Callable[[float], float] | None = None
) -> list[tuple[str, float]]:
    """Return what somebody is told whose token lasts so many seconds."""
    loop = VirtualLoop()
    monkeypatch.setattr(time, "time", lambda: BEGAN + loop.now)
    outlet = _Outlet(loop)

    async def live() -> None:
        credentials = Credentials(cast(Access, _Access()), cast(Any, outlet), lambda _cause: None)
        await credentials.begin(Identity("u-1", "ada", expires_at=BEGAN + lasts))
        if renewed is not None:
            await asyncio.sleep(lasts - 1)
            await credentials.begin(Identity("u-1", "ada", expires_at=BEGAN + renewed(lasts)))
        while outlet.came[-1][0] != "4401":
            await asyncio.sleep(1)

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(live())
    return outlet.came


@pytest.mark.parametrize("lasts", [61.0, 3_600.0, 86_400.0])
def test_the_end_is_announced_a_minute_before_it(
    monkeypatch: pytest.MonkeyPatch, lasts: float
) -> None:
    assert told(monkeypatch, lasts) == [
        ("auth", 0.0),
        ("auth_expiring", pytest.approx(lasts - 60, abs=0.01)),
        ("4401", pytest.approx(lasts, abs=0.01)),
    ]


@pytest.mark.parametrize("lasts", [0.5, 30.0, 60.0])
def test_the_end_is_announced_at_once_if_less_is_left(
    monkeypatch: pytest.MonkeyPatch, lasts: float
) -> None:
    assert told(monkeypatch, lasts) == [
        ("auth", 0.0),
        ("auth_expiring", 0.0),
        ("4401", pytest.approx(lasts, abs=0.01)),
    ]


def test_the_end_of_a_renewed_token_is_announced_again(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [(what, round(at)) for what, at in told(monkeypatch, 100, lambda lasts: lasts * 10)] == [
        ("auth", 0),
        ("auth_expiring", 40),
        ("auth", 99),
        ("auth_expiring", 940),
        ("4401", 1_000),
    ]
