"""Every setting and every limit, with its unit and default. Nothing here is read twice.

``chatlog serve`` has a flag for each; ``create_app(Settings(...))`` takes the same.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from typing import Any

DEFAULT_DATABASE = "sqlite:///chatlog.db"


_LEAST = {"port": 0, "max_chats_per_second": 0, "max_commit_delay_ms": 0}
"""The settings that may be 0, which means any or none."""

_MOST = {"port": 65_535}
_MOST_NODE_CHARS = 64

_MOST_SECONDS = 2_000_000.0
"""23 days: the kernel counts the milliseconds of a time-out in 31 bits."""

_MOST_OF_ANYTHING = 2**31 - 1
"""The kernel takes no larger number of bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How one node runs. The help of a field is its ``metadata["help"]``."""

    database: str = field(default=DEFAULT_DATABASE, metadata={"help": "URL of the log"})
    host: str | tuple[str, ...] = field(
        default="127.0.0.1",
        metadata={"help": "address or name to listen on (repeatable); :: for all", "several": True},
    )
    port: int = field(default=8080, metadata={"help": "port to listen on; 0 for any free one"})
    node: str = field(
        default="",
        metadata={"help": "name of this server in the log; by default one of its own each time"},
    )
    migrate: bool = field(
        default=False, metadata={"help": "migrate a PostgreSQL that holds other tables, too"}
    )
    allow_public: bool = field(
        default=False, metadata={"help": "listen beyond loopback although names are only claims"}
    )
    allow_host: tuple[str, ...] = field(
        default=(), metadata={"help": "a further Host to answer to (repeatable)"}
    )
    allow_origin: tuple[str, ...] = field(
        default=(), metadata={"help": "a further Origin whose pages may connect (repeatable)"}
    )

    max_message_bytes: int = field(default=8_192, metadata={"help": "longest message, UTF-8"})
    max_frame_bytes: int = field(default=65_536, metadata={"help": "largest frame of a client"})
    max_room_chars: int = field(default=64, metadata={"help": "longest name of a room"})
    max_username_chars: int = field(default=64, metadata={"help": "longest username"})
    max_rooms_per_connection: int = field(default=100, metadata={"help": "rooms at a time"})
    max_connections: int = field(default=20_000, metadata={"help": "WebSockets at a time"})
    max_http_connections: int = field(
        default=1_000,
        metadata={"help": "connections beyond those, for HTTP; for one more, the idlest is closed"},
    )
    request_seconds: float = field(
        default=10.0,
        metadata={"help": "a connection that has sent no whole request so long is closed"},
    )
    max_bad_commands_per_minute: int = field(
        default=100, metadata={"help": "errors in a minute that close a connection (4400)"}
    )
    max_chats_per_second: float = field(
        default=0.0,
        metadata={"help": "of one connection, 0 for any; a burst of 5 s is let through"},
    )

    max_commit_delay_ms: float = field(
        default=20.0,
        metadata={
            "help": "longest pause between commits, under load",
            "also": "--max-commit-delay",
        },
    )
    max_batch: int = field(default=1_000, metadata={"help": "commands in one commit"})
    max_waiting_commands: int = field(
        default=20_000, metadata={"help": "commands waiting for a commit; more are `overloaded`"}
    )
    max_waiting_bytes: int = field(
        default=16_777_216,
        metadata={"help": "of messages waiting for a commit; more are `overloaded`"},
    )
    max_in_flight: int = field(
        default=256, metadata={"help": "commands of one connection waiting for a commit"}
    )
    doubt_seconds: float = field(
        default=5.0, metadata={"help": "how long to look for a commit's outcome before saying so"}
    )

    max_buffer_bytes: int = field(
        default=65_536, metadata={"help": "unsent bytes above which a reader lags"}
    )
    send_buffer_bytes: int = field(
        default=262_144, metadata={"help": "the kernel's send buffer of a connection (SO_SNDBUF)"}
    )
    slow_seconds: float = field(
        default=30.0, metadata={"help": "a lagging reader that stands still so long is let go"}
    )
    heartbeat_seconds: float = field(
        default=30.0, metadata={"help": "silence after which a connection is pinged"}
    )
    max_recent_bytes: int = field(
        default=16_777_216,
        metadata={"help": "newest frames of all rooms kept in memory; of one room an eighth"},
    )
    max_large_pages: int = field(
        default=32,
        metadata={
            "help": "pages of history over `max_buffer_bytes` in memory, unsent ones too",
            "also": "--max-pages",
        },
    )
    max_http_answers: int = field(
        default=32,
        metadata={"help": "answers about the past over HTTP at a time, unsent ones too"},
    )
    max_long_reads: int = field(
        default=3,
        metadata={"help": "pages and questions read at a time; a join finds one of `readers` free"},
    )
    max_page_bytes: int = field(
        default=1_048_576, metadata={"help": "largest page of history; it ends earlier then"}
    )
    idle_room_seconds: float = field(
        default=60.0, metadata={"help": "how long a room without members stays in memory"}
    )

    lease_seconds: float = field(
        default=15.0,
        metadata={"help": "a node unheard of so long is dead; renewed thrice as often"},
    )
    poll_seconds: float = field(
        default=1.0, metadata={"help": "how often the log is looked at without being rung for"}
    )
    retention_seconds: float = field(
        default=3_600.0, metadata={"help": "how often texts that are too old are looked for"}
    )
    probe_seconds: float = field(
        default=5.0,
        metadata={"help": "after so long without a commit, `/readyz` makes one to see if it can"},
    )
    shutdown_seconds: float = field(default=4.0, metadata={"help": "longest graceful stop"})
    readers: int = field(default=4, metadata={"help": "database connections that read"})

    @property
    def hosts(self) -> tuple[str, ...]:
        """Every host to listen on."""
        return (self.host,) if isinstance(self.host, str) else self.host

    def __post_init__(self) -> None:
        """Refuse a limit that would stop the server from working.

        Raises:
            ValueError: naming the setting.
        """
        if not self.hosts:
            raise ValueError("host names at least one address to listen on.")
        if self.node:
            _check_node(self.node)
        for setting in fields(self):
            value = getattr(self, setting.name)
            if type(value) not in (int, float):
                continue
            least, most = bounds(setting)
            if not value >= least:
                raise ValueError(f"{setting.name} is at least {least}, not {value}.")
            if value > most:
                raise ValueError(f"{setting.name} is at most {most}, not {value}.")


def bounds(setting: Field[Any]) -> tuple[float, float]:
    """Return the least and the most that a setting with a number may be."""
    is_count = type(setting.default) is int
    least = _LEAST.get(setting.name, 1 if is_count else 0.001)
    return least, _MOST.get(setting.name, _MOST_OF_ANYTHING if is_count else _MOST_SECONDS)


def _check_node(name: str) -> None:
    if not (1 <= len(name) <= _MOST_NODE_CHARS and name.isprintable() and name == name.strip()):
        raise ValueError(
            f"node has 1 to {_MOST_NODE_CHARS} characters, all of them visible, and no space at "
            "its ends."
        )


def database_from(environ: Mapping[str, str] = os.environ) -> str:
    """Return the database's URL: ``CHATLOG_DATABASE``, ``DATABASE_URL`` or the default."""
    return environ.get("CHATLOG_DATABASE") or environ.get("DATABASE_URL") or DEFAULT_DATABASE
