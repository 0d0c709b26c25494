"""What clients did and saw in a run: all that the checker may know.

A ``Record`` has one ``Connection`` for each WebSocket, in the order of opening; a
connection has one list of entries: what it sent, each frame it got and how it ended, in
the order in which the client did and saw it. ``logs`` holds rooms' final logs, where the
run has read them.
"""

from dataclasses import dataclass, field

from .frames import Frame, Object, parse


@dataclass(frozen=True, slots=True)
class Sent:
    command: Object


@dataclass(frozen=True, slots=True)
class Closed:
    """The end; ``code`` is None where the connection was cut without a close frame."""

    code: int | None
    reason: str = ""


Entry = Sent | Frame | Closed


@dataclass(slots=True)
class Connection:
    label: str
    entries: list[Entry] = field(default_factory=list)

    @property
    def frames(self) -> list[Frame]:
        return [entry for entry in self.entries if isinstance(entry, Frame)]

    @property
    def closed(self) -> Closed | None:
        last = self.entries[-1] if self.entries else None
        return last if isinstance(last, Closed) else None

    @property
    def username(self) -> str | None:
        """The name its first answered join fixed; before an answer, the first one asked for."""
        asked: list[Sent] = []
        for entry in self.entries:
            if isinstance(entry, Sent) and entry.command.get("type") == "join":
                asked.append(entry)
            elif isinstance(entry, Frame) and entry.type == "error":
                asked = [s for s in asked if not _answers(entry, s)]
            elif isinstance(entry, Frame) and entry.type == "caught_up":
                break
        return asked[0].command.get("username") if asked else None


def _answers(error: Frame, sent: Sent) -> bool:
    return "id" in error.data and error.data["id"] == sent.command.get("id")


@dataclass(slots=True)
class Record:
    connections: list[Connection] = field(default_factory=list)
    logs: dict[str, list[Frame]] = field(default_factory=dict)
    _seen: dict[str, Frame] = field(default_factory=dict)

    def open(self, label: str) -> Connection:
        connection = Connection(label)
        self.connections.append(connection)
        return connection

    def frame(self, raw: str) -> Frame:
        """Parse a received text; the same bytes are parsed, checked and kept once."""
        frame = self._seen.get(raw)
        if frame is None:
            frame = self._seen[raw] = parse(raw)
        return frame
