"""Post one delivery: the only module that connects to the address of a webhook.

Each attempt has a connection of its own, so that its address is looked up and checked anew: a
name whose address changes gets no further than one that was private from the start. The check is
where sockets are made, behind every way to write an address. Redirects are not followed; nothing
of the answer is kept but its status, and a bounded part of it is read.
"""

from __future__ import annotations

import asyncio
import email.utils
import socket
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver

from chatlog.domain.errors import Refused
from chatlog.settings.webhooks import Webhooks as Settings
from chatlog.webhooks.addresses import AddressRules, check_url, is_routable

_HEADERS: Final = {
    "Content-Type": "application/json",
    "User-Agent": "chatlog",
    "Accept-Encoding": "identity",  # a compressed answer could expand without end
}
_GONE: Final = 410


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of an attempt: a status, or why there was none (a clause that quotes nothing).

    ``retry_after`` is the pause that the receiver asks for, in seconds.
    """

    status: int | None = None
    why: str = ""
    retry_after: float = 0.0

    @property
    def is_success(self) -> bool:
        """Whether the receiver has it."""
        return self.status is not None and 200 <= self.status < 300 and not self.why

    @property
    def is_gone(self) -> bool:
        """Whether the receiver wants no more."""
        return self.status == _GONE

    def __str__(self) -> str:
        """Return the status and the reason, as lists show them."""
        return ", ".join(part for part in (str(self.status or ""), self.why) if part)


class _Guard:
    """Makes the sockets of one attempt, and refuses to make one to a private address."""

    def __init__(self, rules: AddressRules) -> None:
        self._rules = rules
        self.has_refused = False

    def __call__(self, info: aiohttp.AddrInfoType) -> socket.socket:
        family, kind, protocol, _, address = info
        if not (self._rules.allow_private or is_routable(str(address[0]))):
            self.has_refused = True
            raise OSError("refused")
        return socket.socket(family, kind, protocol)


class Sender:
    """Posts with these limits; ``resolver`` looks names up, in a thread by default."""

    def __init__(
        self,
        rules: AddressRules,
        *,
        seconds: float,
        max_bytes: int,
        resolver: AbstractResolver | None = None,
    ) -> None:
        self.rules = rules
        self._seconds = seconds
        self._max_bytes = max_bytes
        self._resolver = resolver

    async def post(self, url: str, headers: dict[str, str], body: bytes) -> Answer:
        """Return what came of one attempt; whatever the receiver does, this does not raise."""
        try:
            check_url(url, self.rules)
        except Refused as refused:
            return Answer(why=refused.sentence)
        guard = _Guard(self.rules)
        try:
            async with asyncio.timeout(self._seconds):
                return await self._post(url, headers, body, guard)
        except TimeoutError:
            return Answer(why=f"no whole answer within {self._seconds:g} s")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Answer(why=_reason(error, guard))

    async def _post(self, url: str, headers: dict[str, str], body: bytes, guard: _Guard) -> Answer:
        connector = aiohttp.TCPConnector(
            resolver=self._resolver or aiohttp.ThreadedResolver(),
            use_dns_cache=False,
            force_close=True,
            socket_factory=guard,
        )
        async with (
            aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
            ) as session,
            session.post(
                url, data=body, headers={**_HEADERS, **headers}, allow_redirects=False
            ) as response,
        ):
            await self._read(response)
            pause = _seconds_in(response.headers.get("Retry-After", ""))
            return Answer(response.status, retry_after=pause)

    async def _read(self, response: aiohttp.ClientResponse) -> None:
        """Read an answer to its end, or as much of it as is allowed."""
        left = self._max_bytes
        async for part in response.content.iter_any():
            left -= len(part)
            if left < 0:
                return


def sender_of(settings: Settings) -> Sender:
    """Return what posts with a server's limits."""
    return Sender(
        AddressRules(settings.allow_http_webhooks, settings.allow_private_webhooks),
        seconds=settings.webhook_seconds,
        max_bytes=settings.max_webhook_answer_bytes,
    )


def _seconds_in(retry_after: str) -> float:
    """Return the pause in a header Retry-After (RFC 9110, 10.2.3): seconds or a date."""
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after[:10])
    try:
        at = email.utils.parsedate_to_datetime(retry_after)
    except (ValueError, OverflowError):
        return 0.0
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - datetime.now(UTC)).total_seconds())


def _reason(error: Exception, guard: _Guard) -> str:
    if guard.has_refused:
        return "its address is not globally routable"
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError):
        return "its TLS certificate is not accepted"
    if isinstance(error, aiohttp.ClientConnectorError):
        return "it cannot be reached"
    return f"the connection failed ({type(error).__name__})"
