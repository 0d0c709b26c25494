"""All settings and limits, with their units and defaults.

``chatlog serve`` has a flag for each, and ``sources`` reads them from the environment and a file;
``create_app(Settings(...))`` takes the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from chatlog.settings.checks import check_auth, check_node, check_number
from chatlog.settings.nodes import Nodes, check_nodes
from chatlog.settings.pages import check_pages
from chatlog.settings.values import WrongValue

_CHATS_PER_SECOND = 10.0
_CONNECTIONS_PER_ADDRESS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Nodes):
    """The settings of one node. The help of a field is its ``metadata["help"]``."""

    max_message_bytes: int = field(
        default=8_192, metadata={"help": "longest message, in bytes of UTF-8"}
    )
    max_frame_bytes: int = field(
        default=65_536, metadata={"help": "largest frame that a client may send"}
    )
    max_hook_bytes: int = field(
        default=1_048_576,
        metadata={"help": "largest body that a program may post to a hook; its text is cut to fit"},
    )
    max_room_chars: int = field(default=64, metadata={"help": "longest room name"})
    max_username_chars: int = field(default=64, metadata={"help": "longest username"})
    max_rooms_per_connection: int = field(
        default=100, metadata={"help": "rooms that one connection may be in"}
    )
    max_connections: int = field(default=20_000, metadata={"help": "open WebSockets and streams"})
    max_http_connections: int = field(
        default=1_000,
        metadata={"help": "further connections, for HTTP; at the limit, the idlest is closed"},
    )
    request_seconds: float = field(
        default=10.0,
        metadata={"help": "time limit for receiving a whole request"},
    )
    max_bad_commands_per_minute: int = field(
        default=100,
        metadata={"help": "errors within a minute after which a connection is closed (4400)"},
    )
    max_chats_per_second: float = field(
        default=0.0,
        metadata={
            "help": "rate limit of a person, in open mode of a connection; allows bursts of 5 s; "
            "0 is 10 in token mode, and no limit otherwise"
        },
    )

    max_commit_delay_ms: float = field(
        default=20.0,
        metadata={
            "help": "longest pause between commits, under load; others may see joins and leaves "
            "five times as late",
            "also": "--max-commit-delay",
        },
    )
    max_batch: int = field(default=1_000, metadata={"help": "commands in one commit"})
    max_waiting_commands: int = field(
        default=20_000,
        metadata={"help": "commands waiting for a commit; further ones get `overloaded`"},
    )
    max_waiting_bytes: int = field(
        default=16_777_216,
        metadata={"help": "bytes of messages waiting for a commit; further ones get `overloaded`"},
    )
    max_in_flight: int = field(
        default=256, metadata={"help": "commands of one connection waiting for a commit"}
    )
    doubt_seconds: float = field(
        default=5.0,
        metadata={"help": "time to resolve a commit's unknown outcome before `outcome_unknown`"},
    )

    max_buffer_bytes: int = field(
        default=65_536, metadata={"help": "unsent bytes above which a reader counts as lagging"}
    )
    send_buffer_bytes: int = field(
        default=262_144, metadata={"help": "kernel send buffer of a connection (SO_SNDBUF)"}
    )
    slow_seconds: float = field(
        default=30.0,
        metadata={"help": "time without progress after which a lagging reader is disconnected"},
    )
    heartbeat_seconds: float = field(
        default=30.0, metadata={"help": "silence after which a connection is pinged"}
    )
    max_recent_bytes: int = field(
        default=16_777_216,
        metadata={
            "help": "frames kept in memory: recent ones, of one room at most an eighth, and in an "
            "eighth the pages that lagging readers share"
        },
    )
    max_large_pages: int = field(
        default=32,
        metadata={
            "help": "history pages over `max_buffer_bytes` in memory, including unsent ones",
            "also": "--max-pages",
        },
    )
    max_http_answers: int = field(
        default=32,
        metadata={"help": "concurrent HTTP answers about the past, including unsent ones"},
    )
    max_long_reads: int = field(
        default=3,
        metadata={
            "help": "concurrent history reads; fewer than `readers`, so that joins find one free"
        },
    )
    max_page_bytes: int = field(
        default=1_048_576, metadata={"help": "largest history page; a larger one is shortened"}
    )
    idle_room_seconds: float = field(
        default=60.0, metadata={"help": "time that a room without members stays in memory"}
    )

    retention_seconds: float = field(
        default=3_600.0, metadata={"help": "interval of looking for texts past their retention"}
    )
    probe_seconds: float = field(
        default=5.0,
        metadata={"help": "time without a commit after which `/readyz` makes a test commit"},
    )
    shutdown_seconds: float = field(
        default=4.0, metadata={"help": "time limit for a graceful stop"}
    )
    readers: int = field(default=4, metadata={"help": "database connections for reading"})

    log_format: str = field(
        default="text",
        metadata={"help": "format of the server's log on stderr", "choices": ("text", "json")},
    )
    log_level: str = field(
        default="info",
        metadata={
            "help": "severity from which lines are logged: debug, info, warning or error",
            "choices": ("debug", "info", "warning", "error"),
        },
    )

    def chats_per_second(self, *, is_token_mode: bool) -> float:
        """Return the rate limit of chats; 0 is none."""
        return self.max_chats_per_second or (_CHATS_PER_SECOND if is_token_mode else 0.0)

    def connections_per_address(self, *, is_token_mode: bool) -> int:
        """Return the limit of WebSockets from an address; 0 is none."""
        usual = _CONNECTIONS_PER_ADDRESS if is_token_mode else 0
        return self.max_connections_per_address or usual

    def __post_init__(self) -> None:
        """Refuse a limit that would stop the server from working.

        Raises:
            WrongValue: naming the setting.
        """
        if not self.hosts:
            raise WrongValue("host", "must name at least one address to listen on.")
        if self.node:
            check_node(self.node)
        check_auth(self)
        check_pages(self)
        check_nodes(self)
        for setting in fields(self):
            check_number(setting, getattr(self, setting.name))
