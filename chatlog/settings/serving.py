"""Settings of where the log is, and where it is served."""

from __future__ import annotations

from dataclasses import dataclass, field

DEFAULT_DATABASE = "sqlite:///chatlog.db"


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """The first of the ``Settings``: the database and the network."""

    database: str = field(default=DEFAULT_DATABASE, metadata={"help": "URL of the log"})
    host: str | tuple[str, ...] = field(
        default="127.0.0.1",
        metadata={
            "help": "address or host name to listen on (repeatable); :: for all",
            "several": True,
        },
    )
    port: int = field(default=8080, metadata={"help": "port to listen on; 0 picks a free one"})
    node: str = field(
        default="",
        metadata={"help": "name of this server in the log; by default a new one at each start"},
    )
    migrate: bool = field(
        default=False,
        metadata={"help": "also migrate a PostgreSQL database that holds other tables"},
    )
    allow_public: bool = field(
        default=False,
        metadata={"help": "listen beyond loopback although names are not authenticated"},
    )
    allow_host: tuple[str, ...] = field(
        default=(), metadata={"help": "additional Host to answer to (repeatable)"}
    )
    allow_origin: tuple[str, ...] = field(
        default=(), metadata={"help": "additional Origin whose pages may connect (repeatable)"}
    )

    @property
    def hosts(self) -> tuple[str, ...]:
        """Every host to listen on."""
        return (self.host,) if isinstance(self.host, str) else self.host
