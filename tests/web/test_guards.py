"""Who may come in open mode: the matrix of Host and Origin."""

from __future__ import annotations

from typing import Any

import pytest

from chatlog.settings import Settings
from chatlog.web.network.addresses import is_local, is_of_this_machine
from chatlog.web.network.guards import check_public, is_our_host, is_our_origin
from tests.support.apps import served

LOCAL = [
    "localhost", "LOCALHOST", "localhost.", "app.localhost", "127.0.0.1", "127.9.9.9", "[::1]",
    "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::FFFF:7f00:1]",
]  # fmt: skip
FOREIGN = [
    "", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "notlocalhost",
    "10.0.0.1", "0.0.0.0", "[::]", "[fe80::1]", "192.168.1.5", "[::1", "::1]", ":8080",
    "2130706433", "[::ffff:10.0.0.1]",
]  # fmt: skip
MALFORMED = [
    "localhost/evil", "evil@localhost", "localhost:x", "localhost:99999", "localhost:8080:8080",
    "local\thost", "localhost#", "localhost?x", "localhost\\", "localhost, localhost",
]  # fmt: skip


@pytest.mark.parametrize("port", ["", ":80", ":8080", ":65535"])
@pytest.mark.parametrize("host", LOCAL)
def test_a_local_host_is_ours_on_any_port(host: str, port: str) -> None:
    assert is_our_host(host + port, Settings())
    assert is_our_origin(f"http://{host}{port}", Settings())
    assert is_our_origin(f"https://{host}{port}", Settings())


@pytest.mark.parametrize("port", ["", ":8080"])
@pytest.mark.parametrize("host", FOREIGN)
def test_another_host_is_not_ours_whatever_it_resolves_to(host: str, port: str) -> None:
    assert not is_our_host(host + port, Settings())
    assert not is_our_origin(f"http://{host}{port}", Settings())


@pytest.mark.parametrize("host", MALFORMED)
def test_a_host_that_is_no_host_is_not_ours(host: str) -> None:
    assert not is_our_host(host, Settings())


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "localhost",
        "file://",
        "file://localhost",
        "chrome-extension://localhost",
        "http://",
        "http:localhost",
        "//localhost",
        "http://[",
        "http://[::1",
        "http://a]b",
        "javascript:alert(1)",
        "http://localhost.evil.example:8080",
        "http://evil.example/localhost",
    ],
)
def test_an_origin_that_is_no_page_of_ours_is_refused(origin: str) -> None:
    assert not is_our_origin(origin, Settings())


@pytest.mark.parametrize(
    ("bound", "host", "ours"),
    [
        ("chat.lan", "chat.lan:8080", True),
        ("Chat.LAN", "chat.lan", True),
        ("192.168.1.5", "192.168.1.5:8080", True),
        ("192.168.1.5", "192.168.1.6:8080", False),
        ("0.0.0.0", "0.0.0.0:8080", False),
        ("::", "[::]:8080", False),
        ("0.0.0.0", "evil.example", False),
        ("0.0.0.0", "localhost:8080", True),
    ],
)
def test_the_bound_name_is_ours_unless_it_means_any(bound: str, host: str, ours: bool) -> None:
    settings = Settings(host=bound, allow_public=True)
    assert is_our_host(host, settings) == ours
    assert is_our_origin(f"http://{host}", settings) == ours


@pytest.mark.parametrize(
    ("accepted_on", "host", "ours"),
    [
        ("10.0.0.1", "10.0.0.1", True),
        ("10.0.0.1", "10.0.0.1:8080", True),
        ("10.0.0.1", "[::ffff:10.0.0.1]:8080", True),
        ("::ffff:10.0.0.1", "10.0.0.1:8080", True),
        ("2001:db8::1", "[2001:DB8:0::1]:8080", True),
        ("fe80::1%eth0", "[fe80::1]:8080", True),
        ("10.0.0.1", "10.0.0.2:8080", False),
        ("10.0.0.1", "10.0.0.1.evil.example", False),
        ("0.0.0.0", "0.0.0.0:8080", False),
        (None, "10.0.0.1:8080", False),
    ],
)
def test_an_address_on_which_the_connection_came_in_is_ours(
    accepted_on: str | None, host: str, ours: bool
) -> None:
    assert is_our_host(host, Settings(), accepted_on) == ours
    assert is_our_origin(f"http://{host}", Settings(), accepted_on) == ours


def test_a_server_on_every_address_takes_each_of_this_machine_for_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "chatlog.web.network.guards.is_of_this_machine", lambda name: name == "10.0.0.1"
    )
    for host in ("0.0.0.0", "::", "", ("127.0.0.1", "[::]")):
        settings = Settings(host=host, allow_public=True)
        assert is_our_host("10.0.0.1:8080", settings)
        assert not is_our_host("10.0.0.2:8080", settings)
    assert not is_our_host("10.0.0.1:8080", Settings())


def test_an_address_of_another_machine_is_none_of_this_one() -> None:
    others = ("192.0.2.1", "2001:db8::1", "0.0.0.0", "::", "224.0.0.1", "evil.example", "")
    assert not any(map(is_of_this_machine, others))
    assert is_of_this_machine("127.0.0.1")


@pytest.mark.parametrize(
    ("allowed", "host", "ours"),
    [
        ("chat.example", "chat.example", True),
        ("chat.example", "chat.example:8443", True),
        ("Chat.Example", "CHAT.example", True),
        ("chat.example:8443", "chat.example:8443", True),
        ("chat.example:8443", "chat.example:9999", False),
        ("chat.example:8443", "chat.example", False),
        ("chat.example", "a.chat.example", False),
        ("chat.example", "chat.example.evil.example", False),
        ("2001:db8::1", "[2001:db8::1]:8080", True),
        ("[2001:db8::1]", "[2001:db8::1]:8080", True),
        ("[2001:db8::1]", "[2001:db8::2]:8080", False),
    ],
)
def test_an_allowed_host_is_ours(allowed: str, host: str, ours: bool) -> None:
    settings = Settings(allow_host=(allowed,))
    assert is_our_host(host, settings) == ours
    assert is_our_origin(f"https://{host}", settings) == ours


@pytest.mark.parametrize(
    ("allowed", "origin", "ours"),
    [
        ("https://chat.example", "https://chat.example", True),
        ("https://chat.example/", "https://chat.example", True),
        ("https://Chat.Example", "https://chat.example", True),
        ("https://chat.example", "http://chat.example", False),
        ("https://chat.example", "https://chat.example:444", False),
        ("https://chat.example", "https://a.chat.example", False),
        ("null", "null", True),
    ],
)
def test_an_allowed_origin_may_connect(allowed: str, origin: str, ours: bool) -> None:
    settings = Settings(allow_origin=(allowed,))
    assert is_our_origin(origin, settings) == ours
    assert not is_our_host("chat.example", settings)


LOOPBACK = [
    "127.0.0.1", "::1", "localhost", "127.0.0.53", "[::1]", "LocalHost", "::ffff:127.0.0.1",
    "[::ffff:127.0.0.1]",
]  # fmt: skip


@pytest.mark.parametrize("host", LOOPBACK)
def test_loopback_may_be_served_without_asking(host: str) -> None:
    assert is_local(host)
    assert check_public(Settings(host=host)) is None


PUBLIC = [
    "0.0.0.0", "::", "[::]", "", "192.168.1.5", "chat.example", "::ffff:0.0.0.0",
    ("127.0.0.1", "192.168.1.5"), ("::1", ""),
]  # fmt: skip


@pytest.mark.parametrize("host", PUBLIC)
def test_anything_else_needs_allow_public(host: str | tuple[str, ...]) -> None:
    refusal = check_public(Settings(host=host))
    assert refusal is not None
    assert "--allow-public" in refusal
    assert check_public(Settings(host=host, allow_public=True)) is None


PATHS = ["/", "/ws", "/audit", "/healthz", "/readyz", "/metrics", "/api/rooms", "/nowhere"]
GUARDED = [path for path in PATHS if path not in ("/healthz", "/readyz")]
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:8080", "Origin": "http://evil.example:8080"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
    ],
)
async def test_strangers_are_forbidden_everywhere_sockets_included(
    sqlite_url: str, headers: dict[str, str]
) -> None:
    async with served(sqlite_url) as client:
        for path in PATHS if "Origin" in headers else GUARDED:
            for more in ({}, UPGRADE) if path in {"/", "/ws"} else ({},):
                async with client.get(path, headers={**headers, **more}) as answer:
                    assert answer.status == 403, path
                    body: dict[str, Any] = await answer.json()
                    assert body["error"]["code"] == "forbidden"
                    assert not any("access-control" in name.lower() for name in answer.headers)


@pytest.mark.parametrize("host", ["10.42.0.7:8080", "[fd00::7]:8080", "evil.example", "[", ""])
async def test_a_probe_is_answered_whatever_the_host(sqlite_url: str, host: str) -> None:
    async with served(sqlite_url) as client:
        for path in ("/healthz", "/readyz"):
            for method in ("GET", "HEAD", "OPTIONS"):  # the last is HAProxy's
                async with client.request(method, path, headers={"Host": host}) as answer:
                    assert answer.status == 200


@pytest.mark.parametrize("origin", [None, "http://localhost:3000", "https://127.0.0.1"])
async def test_programs_and_local_pages_come_in(sqlite_url: str, origin: str | None) -> None:
    headers = {} if origin is None else {"Origin": origin}
    async with served(sqlite_url) as client:
        async with client.get("/healthz", headers=headers) as answer:
            assert answer.status == 200
            assert not any("access-control" in name.lower() for name in answer.headers)
        for path in ("/", "/ws"):
            async with client.ws_connect(path, headers=headers) as ws:
                await ws.send_json({"type": "ping"})
                assert await ws.receive_json() == {"type": "pong"}


@pytest.mark.parametrize("site", ["cross-site", "same-site", "Cross-Site", "something-new"])
async def test_another_page_gets_no_answer_without_an_origin_but_may_link_to_pages(
    sqlite_url: str, site: str
) -> None:
    headers = {"Sec-Fetch-Site": site}
    async with served(sqlite_url) as client:
        refused = ["/api/rooms", "/api/rooms/x/verify", "/api/openapi.json", "/metrics", "/ws"]
        asked = [(path, {**headers}) for path in (*refused, "/nowhere")]
        asked += [(path, {**headers, **UPGRADE}) for path in ("/", "/ws")]
        for path, said in asked:
            async with client.get(path, headers=said) as answer:
                assert answer.status == 403, path
        for path in ("/", "/audit", "/assets/no-such.js", "/healthz", "/readyz"):
            async with client.get(path, headers=headers) as answer:
                assert answer.status != 403, path


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost:3000"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost:3000"},
    ],
)
async def test_our_own_pages_programs_and_allowed_origins_are_answered(
    sqlite_url: str, headers: dict[str, str]
) -> None:
    async with served(sqlite_url) as client:
        async with client.get("/api/rooms", headers=headers) as answer:
            assert answer.status == 200
        async with client.ws_connect("/ws", headers=headers) as ws:
            await ws.send_json({"type": "ping"})
            assert await ws.receive_json() == {"type": "pong"}
