"""Settings of who may enter, and how often."""

from __future__ import annotations

from dataclasses import dataclass, field

from chatlog.settings.checks import AUTH_MODES
from chatlog.settings.serving import Serving


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningIn(Serving):
    """The settings up to those of people and their tokens."""

    auth: str = field(
        default="open",
        metadata={
            "help": "who may enter: open for anybody, token for holders of a valid token",
            "choices": AUTH_MODES,
        },
    )
    token_secret_file: str = field(
        default="", metadata={"help": "file with the secret of tokens signed with HS256"}
    )
    token_keys: str = field(
        default="",
        metadata={"help": "file with public keys of tokens, a JWK Set or PEM; read anew on change"},
    )
    token_keys_url: str = field(
        default="", metadata={"help": "address of an identity provider's JWK Set"}
    )
    token_audience: str = field(
        default="", metadata={"help": "audience (`aud`) that tokens must name"}
    )
    token_issuer: str = field(default="", metadata={"help": "issuer (`iss`) that tokens must name"})
    auth_seconds: float = field(
        default=5.0,
        metadata={"help": "time for a connection to present a valid token, in token mode"},
    )
    create_rooms: str = field(
        default="everyone",
        metadata={
            "help": "who may create rooms, in token mode",
            "choices": ("everyone", "admin"),
        },
    )
    redact_own: str = field(
        default="on",
        metadata={
            "help": "whether people may redact their own chats, in token mode",
            "choices": ("on", "off"),
        },
    )
    max_rooms_created_per_hour: int = field(
        default=20, metadata={"help": "rooms that a person may create, in token mode"}
    )
    max_connections_per_user: int = field(
        default=20, metadata={"help": "open WebSockets and streams of a person, in token mode"}
    )
    max_connections_per_address: int = field(
        default=0,
        metadata={
            "help": "open WebSockets and streams from one address (IPv6: a /64); 0 is 200 in token "
            "mode, and no limit otherwise"
        },
    )
    trusted_proxy: tuple[str, ...] = field(
        default=(),
        metadata={
            "help": "network of proxies whose X-Forwarded-For counts, as 10.0.0.0/8 (repeatable)"
        },
    )
    max_token_bytes: int = field(default=8_192, metadata={"help": "largest token"})
