"""Settings of webhooks."""

from __future__ import annotations

from dataclasses import dataclass, field

from chatlog.settings.pages import Pages


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhooks(Pages):
    """Where webhooks may lead, and how deliveries are tried."""

    allow_http_webhooks: bool = field(
        default=False, metadata={"help": "let webhooks have addresses that begin with http:"}
    )
    allow_private_webhooks: bool = field(
        default=False,
        metadata={"help": "let webhooks lead to addresses that are not globally routable"},
    )
    webhook_seconds: float = field(
        default=15.0,
        metadata={"help": "time limit for an attempt to deliver an event to a webhook"},
    )
    webhook_retry_seconds: tuple[float, ...] = field(
        default=(5.0, 300.0, 1_800.0, 7_200.0, 18_000.0, 36_000.0, 50_400.0, 72_000.0, 86_400.0),
        metadata={
            "help": "pause before each further attempt (repeatable); after the last one fails, the "
            "room waits for `chatlog webhook retry`"
        },
    )
    max_retry_after_seconds: float = field(
        default=86_400.0,
        metadata={"help": "longest pause that a webhook's receiver gets by `Retry-After`"},
    )
    max_webhook_requests: int = field(
        default=16, metadata={"help": "concurrent attempts to deliver to one webhook"}
    )
    max_webhook_answer_bytes: int = field(
        default=65_536,
        metadata={"help": "bytes read of an answer to a delivery; the rest is left unread"},
    )
