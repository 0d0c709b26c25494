"""A chat server in memory with bugs to switch on, to check the checker with.

``FakeChat`` answers commands at once and writes what its clients do and see into a
``Record``, as a real run would. ``bug`` names the one promise that it breaks.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .frames import Object
from .record import Closed, Connection, Record, Sent
from .rules.pages import KINDS


@dataclass(slots=True)
class Stored:
    raw: str
    data: Object


@dataclass(slots=True)
class FakeChat:
    record: Record
    bug: str = ""
    log: list[Stored] = field(default_factory=list)
    clients: list["FakeClient"] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    clock: int = 0

    def connect(self, name: str) -> "FakeClient":
        client = FakeClient(self, name, self.record.open(name))
        self.clients.append(client)
        return client

    def append(self, data: Object) -> Stored:
        """Number an event, store it and send it to everybody in the room."""
        stored = self.store(data)
        self.deliver(stored)
        return stored

    def store(self, data: Object) -> Stored:
        self.clock += 1
        seq = len(self.log) + 1
        digest = hashlib.sha256(f"{0 if self.bug == 'hash_reused' else seq}".encode())
        tick = 100 - self.clock if self.bug == "time_goes_back" else self.clock
        place = {"room": "general", "seq": seq, "hash": digest.hexdigest()[:16], "at": at(tick)}
        stored = Stored(dump({**data, **place}), {**data, **place})
        self.log.append(stored)
        return stored

    def deliver(self, stored: Stored) -> None:
        chat = stored.data["type"] == "chat"
        for client in self.clients:
            if client.inside:
                client.deliver(stored, chat and client is self.clients[-1])

    def presence(self, event: str, name: str, **more: Any) -> Object:
        """Count a session in or out, and make the event that says so."""
        change = 1 if event == "join" else -1
        self.counts[name] = self.counts.get(name, 0) + change
        count = self.counts[name] + (self.bug == "wrong_sessions" and event == "leave")
        alone = count == (1 if event == "join" else 0)
        verb = "joined" if event == "join" else "left"
        data: Object = {"event": event, "username": name, "sessions": count, **more}
        if alone or self.bug == "wrong_frame":
            return {"type": "notification", **data, "message": f"{name} {verb} the room."}
        return {"type": "session", **data}

    def crash(self, lose: int = 0) -> None:
        """Cut everybody, lose the last events where that is the bug, lapse the sessions."""
        inside = [client for client in self.clients if client.inside]
        for client in self.clients:
            client.connection.entries.append(Closed(None))
        self.clients.clear()
        del self.log[len(self.log) - lose :]
        for client in inside:
            seen = self.clock + (50 if self.bug == "last_seen_after_lapse" else 0)
            more = {"cause": "lapsed", "last_seen_at": at(seen)}
            self.append(self.presence("leave", client.name, **more))

    def users(self) -> list[str]:
        return sorted(name for name, count in self.counts.items() if count)

    def finish(self) -> Record:
        """Hand the final log to the record, as the last reader got it."""
        kept = [stored for stored in self.log if "never" not in stored.data]
        self.record.logs["general"] = [self.record.frame(stored.raw) for stored in kept]
        return self.record


@dataclass(slots=True)
class FakeClient:
    server: FakeChat
    name: str
    connection: Connection
    inside: bool = False
    held: Stored | None = None

    def send(self, **command: Any) -> None:
        self.connection.entries.append(Sent(command))

    def get(self, **data: Any) -> None:
        self.raw(dump(data))

    def raw(self, text: str) -> None:
        self.connection.entries.append(self.server.record.frame(text))

    def deliver(self, stored: Stored, unlucky: bool) -> None:
        """Send one live event; the client that connected last meets the bugs."""
        bug = self.server.bug if unlucky else ""
        if bug == "reorder" and self.held is None:
            self.held = stored
            return
        if bug not in ("gap", "late_gap") or not stored.data["message"].startswith("lose"):
            self.raw(stored.raw.replace("hello", "hallo") if bug == "own_bytes" else stored.raw)
        if bug == "repeat":
            self.raw(stored.raw)
        if bug == "reorder" and self.held is not None:
            self.raw(self.held.raw)
            self.held = None

    def join(self, after: int | None = None, backlog: int = 50, **more: Any) -> None:
        bug, log = self.server.bug, self.server.log
        if after is not None:
            more["after"] = after
        self.send(type="join", room="general", username=self.name, id="j", backlog=backlog, **more)
        own = self.server.append(self.server.presence("join", self.name))
        first = (self._first(backlog) if after is None else after + 1) - 1
        first += bug == "resume_off_by_one" and after is not None
        first += bug == "short_backlog" and backlog > 0
        for stored in log[min(first, len(log) - 1) :]:
            self.raw(stored.raw)
        self._caught_up(own, min(first, len(log) - 1) + 1)

    def _first(self, backlog: int) -> int:
        chats = [s.data["seq"] for s in self.server.log if s.data["type"] == "chat"]
        if not backlog:
            return len(self.server.log)
        return int(chats[-backlog]) if len(chats) >= backlog else 1

    def _caught_up(self, own: Stored, first: int) -> None:
        bug, seq = self.server.bug, own.data["seq"]
        names = [n for n in self.server.users() if bug != "joiner_not_listed" or n != self.name]
        if bug == "subscribed_late":
            self.server.append({"type": "chat", "username": names[0], "message": "unseen"})
        if bug != "no_users":
            self.get(type="users", room="general", seq=seq, users=names, count=len(names))
        self.inside = True
        if bug == "live_before_caught_up":
            self.server.append({"type": "chat", "username": names[0], "message": "early"})
        place = {"room": "general", "seq": seq, "hash": own.data["hash"]}
        more = {"extra": 1} if bug == "extra_key" else {}
        session = "one for all" if bug == "shared_session" else f"session {seq}"
        self.get(
            type="caught_up", **place, first=first, more=first > 1, session=session, id="j", **more
        )

    def chat(self, id_: str, message: str) -> None:
        """Send a chat; the server takes it, or answers with the event it already has."""
        bug, server = self.server.bug, self.server
        self.send(type="chat", room="general", id=id_, message=message)
        known = [
            s for s in server.log if (s.data["username"], s.data.get("id")) == (self.name, id_)
        ]
        if known and bug != "no_dedup":
            more = {} if bug == "repeat_without_mark" else {"repeated": True}
            self._ack(known[0], id_, **more)
            return
        text = message.upper() if bug == "text_changed" else message
        event = {"type": "chat", "username": self.name, "id": id_, "message": text}
        stored = server.store(event)
        if bug == "acknowledged_and_lost" and message == "late":
            server.log.pop()
        else:
            server.deliver(stored)
        self._ack(server.log[0] if bug == "ack_of_another" else stored, id_)

    def _ack(self, stored: Stored, id_: str, **more: Any) -> None:
        place = {"room": "general", "seq": stored.data["seq"], "hash": stored.data["hash"]}
        if self.server.bug != "no_answer":
            self.get(type="ack", id=id_, **place, **more)
        if self.server.bug == "strange_answer":
            self.get(type="ack", id="x-" + id_, **place)

    def refused_chat(self, id_: str, message: str) -> None:
        self.send(type="chat", room="general", id=id_, message=message)
        if self.server.bug == "refused_and_kept":
            event = {"type": "chat", "username": self.name, "id": id_, "message": message}
            self.server.append(event)
        self.get(type="error", code="overloaded", message="Come back later.", id=id_)

    def leave(self) -> None:
        bug, server = self.server.bug, self.server
        self.send(type="leave", room="general", id="l")
        left = server.store(server.presence("leave", self.name, cause="left"))
        self.get(type="ack", id="l", **{k: left.data[k] for k in ("room", "seq", "hash")})
        server.deliver(left)
        self.inside = bug == "frames_after_leave"

    def close(self) -> None:
        """Go away; the server appends the leave of a session that was open."""
        bug, server = self.server.bug, self.server
        self.connection.entries.append(Closed(1000))
        server.clients.remove(self)
        if self.inside and bug != "missing_leave":
            server.append(server.presence("leave", self.name, cause="disconnected"))
        if bug == "double_leave":
            server.append(server.presence("leave", self.name, cause="disconnected"))

    def page(self, after: int, types: Sequence[str] = ("chat", "join", "leave")) -> None:
        bug, log = self.server.bug, self.server.log
        self.send(type="history", room="general", after=after, limit=3, id="h", types=[*types])
        kinds = KINDS if bug == "unfiltered_page" else types
        found = [s for s in log[after:] if s.data.get("event", s.data["type"]) in kinds]
        events = found[:1] + found[2:3] if bug == "short_page" else found[:3]
        last = events[-1].data["seq"] if found[3:] else len(log)
        more = {"more_before": bug == "wrong_more" or after > 0, "more_after": len(found) > 3}
        frame = {"type": "history", "room": "general", "events": [], "id": "h"}
        text = dump({**frame, "first": after + 1, "last": last, **more})
        raw = ",".join(stored.raw for stored in events)
        self.raw(text.replace('"events":[]', f'"events":[{raw}]'))


def dump(data: Object) -> str:
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False)


def at(tick: int) -> str:
    return f"2026-11-22T17:00:{tick // 1000:02}.{tick % 1000:06}Z"
