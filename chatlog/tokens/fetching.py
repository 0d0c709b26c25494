"""Fetch a small document over HTTP, within limits of time and size."""

from __future__ import annotations

import asyncio
from typing import Final

import aiohttp

FETCH_SECONDS: Final = 5.0
MAX_BYTES: Final = 262_144

_OK: Final = 200
# A compressed answer could be small and yet expand without end.
_HEADERS: Final = {"Accept": "application/json", "Accept-Encoding": "identity"}


class FetchFailed(Exception):
    """The document could not be fetched, with the reason as a clause that quotes no address."""


async def fetch(url: str, *, seconds: float = FETCH_SECONDS, max_bytes: int = MAX_BYTES) -> bytes:
    """Return the document at an address; a redirect is a failure.

    Raises:
        FetchFailed: after ``seconds`` at the latest.
    """
    try:
        async with (
            asyncio.timeout(seconds),
            aiohttp.ClientSession(headers=_HEADERS, auto_decompress=False) as session,
            session.get(url, allow_redirects=False) as response,
        ):
            if response.status != _OK:
                raise FetchFailed(f"the answer has the status {response.status}")
            return await _read(response, max_bytes)
    except TimeoutError:
        raise FetchFailed(f"there was no whole answer within {seconds:g} s") from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise FetchFailed(_reason(error)) from None


async def _read(response: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    content = bytearray()
    async for part in response.content.iter_any():
        content += part
        if len(content) > max_bytes:
            raise FetchFailed(f"the answer is larger than {max_bytes:,} bytes")
    return bytes(content)


def _reason(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError):
        return "its TLS certificate is not accepted"
    if isinstance(error, aiohttp.ClientConnectorError):
        return "it cannot be reached"
    return f"the connection failed ({type(error).__name__})"
