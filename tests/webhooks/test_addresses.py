"""Where no webhook leads: inside the server's own networks, however the address is written."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import aiohttp
import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from chatlog.domain.errors import Refused
from chatlog.webhooks.addresses import AddressRules, check_address, check_url, is_routable
from chatlog.webhooks.sending import Answer, Sender

from .receiver import Receiver, receiving

HTTP = AddressRules(allow_http=True)
PRIVATE = "its address is not globally routable"

NOT_ROUTABLE = """
0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.127.255.255 127.0.0.1 127.9.9.9 169.254.169.254 172.16.0.1
172.31.255.255 192.0.0.1 192.0.2.1 192.88.99.1 192.168.0.1 198.18.0.1 198.51.100.1 203.0.113.1
224.0.0.1 239.1.2.3 240.0.0.1 255.255.255.255 :: ::1 ::127.0.0.1 ::8.8.8.8 ::ffff:127.0.0.1
::ffff:10.0.0.1 ::ffff:8.8.8.8 ::ffff:0:127.0.0.1 64:ff9b::127.0.0.1 64:ff9b::10.0.0.1
64:ff9b::8.8.8.8 64:ff9b:1::1 100::1 2001::1 2001:db8::1 2002:7f00:1:: 2002:0808:0808::1 fc00::1
192.0.0.8 192.0.0.192 3fff::1 fd12:3456::1 fe80::1 fe80::1%1 fec0::1 ff02::1 ff0e::1
""".split()  # noqa: SIM905 - a table
ROUTABLE = ["1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.32.0.1", "2606:4700::1111"]

NO_ADDRESSES = """
http://example.com/ ftp://example.com/ file:///etc/passwd //example.com example.com https://
https:///path https://[::1 https://example.com:port/ https://example.com:99999/ javascript:1
""".split()  # noqa: SIM905 - a table

# Each leads to this machine.
HERE = """
127.0.0.1 127.1 2130706433 0x7f000001 0x7f.1 017700000001 0177.0.0.1 0 0.0.0.0 localhost [::1]
[::ffff:127.0.0.1] [::ffff:7f00:1] [0:0:0:0:0:ffff:7f00:1] [::127.0.0.1] [::]
""".split()  # noqa: SIM905 - a table


@pytest.mark.parametrize("address", NOT_ROUTABLE)
def test_an_address_that_is_not_globally_routable_is_known(address: str) -> None:
    assert not is_routable(address)


@pytest.mark.parametrize("address", ROUTABLE)
def test_a_globally_routable_address_is_allowed(address: str) -> None:
    assert is_routable(address)


@pytest.mark.parametrize(
    "url",
    NO_ADDRESSES,
)
def test_what_is_no_https_address_is_refused(url: str) -> None:
    with pytest.raises(Refused):
        check_url(url, AddressRules(allow_private=True))


@pytest.mark.parametrize("url", ["https://a b/", "https://a/\n", "https://a/" + "x" * 2048, 7])
def test_what_is_no_text_of_a_url_is_refused(url: object) -> None:
    with pytest.raises(Refused):
        check_url(url, AddressRules())


@pytest.mark.parametrize("host", HERE)
async def test_this_machine_is_refused_when_it_is_added(host: str) -> None:
    with pytest.raises(Refused, match="not globally routable"):
        await check_address(f"http://{host}:1/", HTTP)
    await check_address(f"http://{host}:1/", AddressRules(allow_http=True, allow_private=True))


async def test_a_name_that_cannot_be_looked_up_now_is_checked_later() -> None:
    await check_address("https://nowhere.invalid/", AddressRules())


@pytest.fixture
async def receiver() -> object:
    async with receiving() as receiver:
        yield receiver


def _sender(rules: AddressRules = HTTP, resolver: AbstractResolver | None = None) -> Sender:
    return Sender(rules, seconds=5, max_bytes=1_000, resolver=resolver)


async def _post(sender: Sender, url: str) -> Answer:
    return await sender.post(url, {"webhook-id": "1"}, b'{"data":{"type":"chat","message":""}}')


@pytest.mark.parametrize("host", HERE)
async def test_this_machine_is_refused_when_it_is_connected_to(
    host: str, receiver: Receiver
) -> None:
    answer = await _post(_sender(), receiver.url.replace("127.0.0.1", host))
    assert answer.status is None
    assert answer.why.startswith((PRIVATE, "the connection failed (InvalidUrl"))
    assert receiver.got == []


async def test_the_same_request_arrives_where_it_is_allowed(receiver: Receiver) -> None:
    answer = await _post(_sender(AddressRules(True, True)), receiver.url)
    assert (answer, len(receiver.got)) == (Answer(200), 1)


async def test_http_is_refused_at_each_attempt_too(receiver: Receiver) -> None:
    answer = await _post(_sender(AddressRules(allow_private=True)), receiver.url)
    assert answer.status is None
    assert "https://" in answer.why
    assert receiver.got == []


class Changing(AbstractResolver):
    """Answers with another address each time it is asked."""

    def __init__(self, answers: Iterator[list[str]]) -> None:
        self._answers = answers

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in next(self._answers)
        ]

    async def close(self) -> None:
        return


async def test_a_name_whose_address_changes_is_looked_up_and_checked_each_time(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chatlog.webhooks import sending

    # What the name leads to first counts as routable, and is where the receiver is.
    monkeypatch.setattr(sending, "is_routable", lambda address: address == "127.0.0.1")
    resolver = Changing(iter([["127.0.0.1"], ["127.0.0.2"], ["::ffff:127.0.0.1"], ["127.0.0.1"]]))
    sender = _sender(resolver=resolver)
    url = receiver.url.replace("127.0.0.1", "changing.example")
    answers = [await _post(sender, url) for _ in range(4)]
    assert [answer.status for answer in answers] == [200, None, None, 200]
    assert [answer.why for answer in answers[1:3]] == [PRIVATE, PRIVATE]
    assert len(receiver.got) == 2


async def test_of_several_addresses_no_private_one_is_connected_to(receiver: Receiver) -> None:
    resolver = Changing(iter([["127.0.0.1", "::1", "10.0.0.1"]]))
    url = receiver.url.replace("127.0.0.1", "several.example")
    answer = await _post(_sender(resolver=resolver), url)
    assert (answer.status, answer.why) == (None, PRIVATE)
    assert receiver.got == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_not_followed(receiver: Receiver, status: int) -> None:
    target = receiver.url
    receiver.answer = lambda _: web.Response(status=status, headers={"Location": target})
    answer = await _post(_sender(AddressRules(True, True)), receiver.url)
    assert (answer.status, answer.is_success, len(receiver.got)) == (status, False, 1)


async def test_neither_a_proxy_nor_a_cookie_of_the_machine_is_used(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    receiver.answer = lambda _: web.Response(headers={"Set-Cookie": "a=b"})
    sender = _sender(AddressRules(True, True))
    for _ in range(2):
        assert (await _post(sender, receiver.url)).status == 200
    assert all(aiohttp.hdrs.COOKIE.lower() not in got.headers for got in receiver.got)
