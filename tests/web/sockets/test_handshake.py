"""Which requests ask for a WebSocket."""

from __future__ import annotations

import pytest
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from chatlog.web.sockets.handshake import is_asked

ASKED = {
    "Upgrade": "WebSocket",
    "Connection": "keep-alive, Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}


def test_a_connection_header_may_be_a_list_or_several_lines() -> None:
    assert is_asked(make_mocked_request("GET", "/ws", headers=ASKED))
    lines = CIMultiDict(ASKED)
    lines["Connection"] = "keep-alive"
    lines.add("Connection", "Upgrade")
    assert is_asked(make_mocked_request("GET", "/ws", headers=lines))


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Upgrade", "h2c"),
        ("Connection", "keep-alive"),
        ("Connection", "no-upgrade"),
        ("Sec-WebSocket-Version", "8"),
        ("Sec-WebSocket-Key", "short"),
        ("Sec-WebSocket-Key", "é" * 24),
    ],
)
def test_what_the_protocol_does_not_allow_is_no_handshake(header: str, value: str) -> None:
    assert not is_asked(make_mocked_request("GET", "/ws", headers={**ASKED, header: value}))


def test_only_a_get_is_a_handshake() -> None:
    assert not is_asked(make_mocked_request("HEAD", "/ws", headers=ASKED))
