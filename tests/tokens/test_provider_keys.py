"""An identity provider on this machine: keys that rotate, outages, and answers that do harm."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from chatlog.domain.errors import Refused
from chatlog.tokens import fetching
from chatlog.tokens.fetching import FetchFailed, fetch
from chatlog.tokens.keys import Keys
from chatlog.tokens.provider_keys import ProviderKeys
from chatlog.tokens.verify import Tokens
from tests.support.server import until

from .issuer import Clock, Signer, claims, jwks, rules

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Provider:
    """Answers with ``content``, or as ``answer`` does."""

    content: bytes = b""
    answer: Answer | None = None
    asked: int = 0
    url: str = ""
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked += 1
        await self.gate.wait()
        if self.answer is not None:
            return await self.answer(request)
        return web.Response(body=self.content, content_type="application/json")


@pytest.fixture
async def provider(ed: Signer) -> AsyncIterator[Provider]:
    made = Provider(jwks(ed))
    app = web.Application()
    app.router.add_get("/jwks", made.handle)
    async with TestServer(app) as server:
        made.url = str(server.make_url("/jwks"))
        yield made
        made.gate.set()


@contextlib.asynccontextmanager
async def running(keys: ProviderKeys) -> AsyncIterator[Tokens]:
    all_keys = Keys(provider=keys)
    task = asyncio.create_task(all_keys.run())
    try:
        yield Tokens(all_keys, rules(), clock=Clock())
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def ready(keys: ProviderKeys) -> None:
    async def is_ready() -> bool:
        return keys.is_ready

    await until(is_ready, 10, "the first keys")


async def test_tokens_are_checked_with_the_keys_of_the_provider(
    provider: Provider, ed: Signer
) -> None:
    keys = ProviderKeys(provider.url)
    async with running(keys) as verifier:
        await ready(keys)
        await verifier.verify(ed.sign(claims()))
        assert provider.asked == 1


async def test_a_token_of_a_new_key_makes_the_keys_be_fetched_at_once(provider: Provider) -> None:
    keys, new = ProviderKeys(provider.url), Signer("EdDSA", "new")
    async with running(keys) as verifier:
        await ready(keys)
        provider.content = jwks(new)
        await verifier.verify(new.sign(claims()))
        assert provider.asked == 2


async def test_whoever_comes_during_a_fetch_waits_for_it_too(provider: Provider) -> None:
    keys, new = ProviderKeys(provider.url), Signer("EdDSA", "new")
    async with running(keys) as verifier:
        await ready(keys)
        provider.content = jwks(new)
        both = (verifier.verify(new.sign(claims(jti=token_id))) for token_id in ("1", "2"))
        assert [identity.token_id for identity in await asyncio.gather(*both)] == ["1", "2"]
        assert provider.asked == 2


async def test_unknown_key_ids_cause_one_fetch_in_30_seconds_however_many_ask(
    provider: Provider,
) -> None:
    keys, stranger = ProviderKeys(provider.url), Signer("EdDSA")
    async with running(keys) as verifier:
        await ready(keys)
        provider.gate.clear()
        asking = [
            asyncio.create_task(verifier.verify(stranger.sign(claims(), kid=str(number))))
            for number in range(50)
        ]

        async def is_asked() -> bool:
            return provider.asked == 2

        await until(is_asked, 10, "the fetch")
        provider.gate.set()
        refusals = await asyncio.gather(*asking, return_exceptions=True)
        assert all(isinstance(refusal, Refused) for refusal in refusals)
        for number in range(50):
            with pytest.raises(Refused, match="not known"):
                await verifier.verify(stranger.sign(claims(), kid=f"later {number}"))
        assert provider.asked == 2


async def test_unknown_key_ids_are_asked_for_again_after_the_pause(provider: Provider) -> None:
    keys, new = ProviderKeys(provider.url, unknown_kid_seconds=0.05), Signer("EdDSA", "new")
    async with running(keys) as verifier:
        await ready(keys)
        with pytest.raises(Refused):
            await verifier.verify(new.sign(claims()))
        provider.content = jwks(new)

        async def is_accepted() -> bool:
            with contextlib.suppress(Refused):
                await verifier.verify(new.sign(claims()))
                return True
            return False

        await until(is_accepted, 10, "the new key")


async def test_keys_are_fetched_in_intervals(provider: Provider) -> None:
    keys = ProviderKeys(provider.url, refresh_seconds=0.02)
    async with running(keys):

        async def is_asked_often() -> bool:
            return provider.asked >= 4

        await until(is_asked_often, 10, "more fetches")
        assert keys.generation == 1


async def test_a_withdrawn_key_is_refused_from_then_on(provider: Provider, ed: Signer) -> None:
    keys = ProviderKeys(provider.url, refresh_seconds=0.02)
    async with running(keys) as verifier:
        await ready(keys)
        token = ed.sign(claims())
        await verifier.verify(token)
        provider.content = jwks(Signer("EdDSA", "new"))

        async def is_taken() -> bool:
            return keys.generation == 2

        await until(is_taken, 10, "the new keys")
        with pytest.raises(Refused):
            await verifier.verify(token)


async def test_an_outage_at_the_start_is_retried_and_tokens_are_refused_until_then(
    provider: Provider, ed: Signer, caplog: pytest.LogCaptureFixture
) -> None:
    provider.answer = _status(503)
    keys = ProviderKeys(provider.url)
    async with running(keys) as verifier:

        async def has_failed() -> bool:
            return provider.asked >= 2

        await until(has_failed, 10, "a retry")
        assert not keys.is_ready
        with pytest.raises(Refused, match="not available yet"):
            await verifier.verify(ed.sign(claims()))
        provider.answer = None
        await ready(keys)
        await verifier.verify(ed.sign(claims()))
    assert len([r for r in caplog.records if r.levelno == logging.WARNING]) == 1
    assert "status 503" in caplog.text


def _status(status: int) -> Answer:
    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=status)

    return answer


async def test_a_failing_fetch_keeps_the_last_good_keys(
    provider: Provider, ed: Signer, caplog: pytest.LogCaptureFixture
) -> None:
    keys = ProviderKeys(provider.url, refresh_seconds=0.02)
    async with running(keys) as verifier:
        await ready(keys)
        for bad in (b"{", b'{"keys":[]}', b"<html>"):
            asked, provider.content = provider.asked, bad

            async def is_asked(after: int = asked) -> bool:
                return provider.asked >= after + 2

            await until(is_asked, 10, "a fetch that fails")
            await verifier.verify(ed.sign(claims()))
    assert "keys of before" in caplog.text


async def test_the_wait_for_a_provider_grows(provider: Provider) -> None:
    keys = ProviderKeys(provider.url)
    pauses = [keys._next_in(failures) for failures in (1, 2, 3, 8, 1_000)]
    assert pauses == [0.5, 1.0, 2.0, 30.0, 30.0]
    assert keys._next_in(0) <= 600


async def test_an_endless_answer_is_given_up_by_its_size(provider: Provider) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):
            while True:
                await response.write(b" " * 65_536)
        return response

    provider.answer = endless
    with pytest.raises(FetchFailed, match="larger than"):
        await fetch(provider.url)


async def test_a_slow_answer_is_given_up_in_time(provider: Provider) -> None:
    async def slow(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):
            while True:
                await response.write(b" ")
                await asyncio.sleep(0.01)
        return response

    provider.answer = slow
    began = time.monotonic()
    with pytest.raises(FetchFailed, match=r"within 0\.2 s"):
        await fetch(provider.url, seconds=0.2)
    assert time.monotonic() - began < 5
    assert fetching.FETCH_SECONDS <= 5


async def test_a_redirect_is_not_followed(provider: Provider, ed: Signer) -> None:
    async def elsewhere(_request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound("http://169.254.0.1/keys")

    provider.answer = elsewhere
    with pytest.raises(FetchFailed, match="status 302"):
        await fetch(provider.url)


async def test_an_address_where_nobody_answers_is_a_failure_that_quotes_no_password() -> None:
    with pytest.raises(FetchFailed, match="cannot be reached") as failed:
        await fetch("http://user:hunter2@127.0.0.1:1/keys?key=hunter3")
    assert "hunter" not in str(failed.value)


async def test_a_verifier_waits_for_nobody_once_the_fetching_has_ended(provider: Provider) -> None:
    keys = ProviderKeys(provider.url)
    async with running(keys) as verifier:
        await ready(keys)
        provider.gate.clear()
        asking = asyncio.create_task(verifier.verify(Signer("EdDSA", "x").sign(claims())))

        async def is_asked() -> bool:
            return provider.asked == 2

        await until(is_asked, 10, "the fetch")
    with pytest.raises(Refused):
        await asyncio.wait_for(asking, 5)
    with pytest.raises(Refused):
        await asyncio.wait_for(verifier.verify(Signer("EdDSA", "y").sign(claims())), 5)
