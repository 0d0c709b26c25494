"""The keys of an identity provider: a JWK Set at an address, fetched by one task.

Promises: one fetch at a time; a failing fetch keeps the last good keys; tokens with unknown key
ids cause one fetch in 30 s at most, however many there are and whoever sends them.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import math
from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import urlsplit

from chatlog.tokens.fetching import FetchFailed, fetch
from chatlog.tokens.key import Key, KeySet, Unusable, public_keys

logger = logging.getLogger(__name__)

REFRESH_SECONDS: Final = 300.0
"""Half of what is promised, so that a failing fetch can be retried in time."""

UNKNOWN_KID_SECONDS: Final = 30.0
_FIRST_RETRY_SECONDS: Final = 0.5
_LAST_RETRY_SECONDS: Final = 30.0
_MOST_DOUBLINGS: Final = 10


class ProviderKeys:
    """The keys at an address; ``generation`` grows whenever they change."""

    def __init__(
        self,
        url: str,
        *,
        get: Callable[[str], Awaitable[bytes]] = fetch,
        refresh_seconds: float = REFRESH_SECONDS,
        unknown_kid_seconds: float = UNKNOWN_KID_SECONDS,
    ) -> None:
        self.keys: tuple[Key, ...] = ()
        self.generation = 0
        self._url = url
        self._where = urlsplit(url).hostname or ""
        self._get = get
        self._refresh_seconds = refresh_seconds
        self._unknown_kid_seconds = unknown_kid_seconds
        self._digest = self._complaint = ""
        self._asked_at = -math.inf
        self._is_running = self._is_fetching = False
        self._asked, self._attempted = asyncio.Event(), asyncio.Event()

    @property
    def is_ready(self) -> bool:
        """Whether a fetch has ever succeeded."""
        return self.generation > 0

    async def run(self) -> None:
        """Fetch the keys now and in intervals, until cancelled; retry at growing intervals."""
        self._is_running, failures = True, 0
        try:
            while True:
                failures = 0 if await self._attempt() else failures + 1
                self._wake()
                await self._pause(self._next_in(failures))
        finally:
            self._is_running = False
            self._wake()

    async def ask(self) -> None:
        """Wait for a fetch because of an unknown key id; return at once if none is allowed now."""
        if not self._is_running:
            return
        if not (self._is_fetching or self._asked.is_set()):
            now = asyncio.get_running_loop().time()
            if now - self._asked_at < self._unknown_kid_seconds:
                return
            self._asked_at = now
            self._asked.set()
        await self._attempted.wait()

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._asked.wait()
        except TimeoutError:
            pass

    def _next_in(self, failures: int) -> float:
        if not failures:
            return self._refresh_seconds
        doubled: float = _FIRST_RETRY_SECONDS * 2 ** min(failures - 1, _MOST_DOUBLINGS)
        return min(doubled, _LAST_RETRY_SECONDS, self._refresh_seconds)

    def _wake(self) -> None:
        """Wake whoever waits for the attempt that has ended."""
        self._attempted.set()
        self._attempted = asyncio.Event()

    async def _attempt(self) -> bool:
        self._is_fetching = True
        self._asked.clear()
        try:
            content = await self._get(self._url)
            found = await asyncio.to_thread(public_keys, content)
        except FetchFailed as failure:
            return self._complain(str(failure))
        except Unusable as reason:
            return self._complain(f"the answer {reason}")
        finally:
            self._is_fetching = False
        self._take(hashlib.sha256(content).hexdigest(), found)
        return True

    def _take(self, digest: str, found: KeySet) -> None:
        if self._complaint:
            self._complaint = ""
            logger.info("The keys for tokens can be fetched from %s again.", self._where)
        if digest == self._digest:
            return
        self._digest, self.keys = digest, found.keys
        self.generation += 1
        logger.info("Fetched %d keys for tokens from %s.", len(found.keys), self._where)
        for reason in found.skipped:
            logger.warning("Of the keys from %s, %s.", self._where, reason)

    def _complain(self, clause: str) -> bool:
        """Log a failure unless it is that of the attempt before; return False."""
        if clause != self._complaint:
            self._complaint = clause
            kept = "the keys of before" if self.is_ready else "none: they are refused"
            logger.warning(
                "The keys for tokens cannot be fetched from %s: %s. Tokens are checked with %s.",
                self._where,
                clause,
                kept,
            )
        return False
