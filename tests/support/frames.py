"""The exact shape of every frame a server may send (contract, section 3).

``Frame`` is one received text: its raw bytes as text, the object in it and what is wrong
with its shape. Nothing here raises on a bad frame: the checker reports it, so that a run
goes on and shows the rest.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

EVENT_TYPES = frozenset({"chat", "notification", "session", "erasure"})
CAUSES = frozenset(
    {"left", "disconnected", "timed_out", "shutdown", "kicked", "import_ended", "lapsed"}
)
# fmt: off
ERROR_CODES = frozenset({
    "bad_json", "bad_command", "unknown_type", "room_invalid", "username_invalid",
    "username_fixed", "message_empty", "message_too_long", "room_unknown", "not_joined",
    "already_joined", "too_many_rooms", "after_unknown", "diverged", "id_conflict",
    "rate_limited", "overloaded", "storage_full", "unavailable", "outcome_unknown", "forbidden",
})
# fmt: on
USERS_LISTED = 1000

Check = Callable[[Any], bool]
Object = dict[str, Any]


def _text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _any_text(value: Any) -> bool:
    return isinstance(value, str)


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _seq(value: Any) -> bool:
    return type(value) is int and value >= 1


def _seq_or_null(value: Any) -> bool:
    return value is None or _seq(value)


def _seqs(value: Any) -> bool:
    return isinstance(value, list) and 1 <= len(value) <= 500 and all(map(_seq, value))


def _hash(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[0-9a-f]{16}", value) is not None


def is_time(value: Any) -> bool:
    """Tell whether this is a UTC time with microseconds, in 27 characters."""
    if not isinstance(value, str) or len(value) != 27 or not value.endswith("Z"):
        return False
    try:
        return datetime.fromisoformat(value).strftime("%Y-%m-%dT%H:%M:%S.%fZ") == value
    except ValueError:
        return False


def _names(value: Any) -> bool:
    return isinstance(value, list) and all(map(_text, value)) and value == sorted(set(value))


def _one_of(*values: Any) -> Check:
    return lambda value: any(type(value) is type(v) and value == v for v in values)


@dataclass(frozen=True, slots=True)
class Shape:
    required: Mapping[str, Check]
    optional: Mapping[str, Check]


_EVENT: dict[str, Check] = {"room": _text, "seq": _seq, "hash": _hash, "at": is_time}
_WHO: dict[str, Check] = {**_EVENT, "username": _text}
_LEFT: dict[str, Check] = {**_WHO, "cause": _one_of(*CAUSES)}
_ID: dict[str, Check] = {"id": _text}
_ERASED: dict[str, Check] = {"erased": _one_of(True)}
_LAPSE: dict[str, Check] = {**_ERASED, "last_seen_at": is_time}
_ALONE: dict[str, Check] = {"sessions": _one_of(1), "message": _any_text}
_GONE: dict[str, Check] = {"sessions": _one_of(0), "message": _any_text}

SHAPES: dict[tuple[str, str | None], Shape] = {
    ("chat", None): Shape({**_WHO, "message": _any_text}, {**_ID, **_ERASED}),
    ("notification", "join"): Shape({**_WHO, **_ALONE}, _ERASED),
    ("notification", "leave"): Shape({**_LEFT, **_GONE}, _LAPSE),
    ("session", "join"): Shape({**_WHO, "sessions": lambda n: _seq(n) and n >= 2}, _ERASED),
    ("session", "leave"): Shape({**_LEFT, "sessions": _seq}, _LAPSE),
    ("erasure", None): Shape({**_WHO, "of": _seqs}, {}),
    ("users", None): Shape({"room": _text, "seq": _seq, "users": _names, "count": _count}, _ID),
    ("presence", None): Shape(
        {
            "room": _text,
            "from": _seq,
            "seq": _seq,
            "hash": _hash,
            "joined": _names,
            "left": _names,
            "count": _count,
        },
        {},
    ),
    ("caught_up", None): Shape(
        {
            "room": _text,
            "seq": _seq,
            "hash": _hash,
            "first": _seq,
            "more": _flag,
            "session": _text,
        },
        _ID,
    ),
    ("ack", None): Shape(
        {"id": _text, "room": _text, "seq": _seq, "hash": _hash}, {"repeated": _one_of(True)}
    ),
    ("history", None): Shape(
        {
            "room": _text,
            "events": lambda value: isinstance(value, list),
            "first": _seq_or_null,
            "last": _seq_or_null,
            "more_before": _flag,
            "more_after": _flag,
        },
        _ID,
    ),
    ("error", None): Shape({"code": _one_of(*ERROR_CODES), "message": _text}, _ID),
    ("pong", None): Shape({}, _ID),
}


def problems(data: Object) -> Iterator[str]:
    """Say what is wrong with the shape of one frame, a clause for each fault."""
    kind = (str(data.get("type")), data.get("event"))
    shape = SHAPES.get(kind)
    if shape is None:
        yield f"has an unknown type {kind}"
        return
    given = {key: value for key, value in data.items() if key not in ("type", "event")}
    yield from (f"lacks {key}" for key in shape.required if key not in given)
    checks = {**shape.required, **shape.optional}
    for key, value in given.items():
        if key not in checks:
            yield f"has a key {key} that the contract does not name"
        elif not checks[key](value):
            yield f"has a bad {key}: {value!r}"
    yield from _relations(data)


def _relations(data: Object) -> Iterator[str]:
    if "cause" in data and (data["cause"] == "lapsed") != ("last_seen_at" in data):
        yield "has last_seen_at without having lapsed, or lapsed without it"
    if data["type"] == "notification" and "erased" not in data:
        verb = {"join": "joined", "leave": "left"}[data["event"]]
        if data.get("message") != f"{data.get('username')} {verb} the room.":
            yield f"has another text than '… {verb} the room.'"
    if data["type"] == "presence" and not data.get("from", 0) < data.get("seq", 0):
        yield "covers no run of events"
    names, count = data.get("users"), data.get("count")
    if _names(names) and _count(count) and len(names or ()) != min(count or 0, USERS_LISTED):
        yield "has a count that its list does not bear out"


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame as it came; frames with the same bytes may share one object."""

    raw: str
    data: Object
    faults: tuple[str, ...]
    type: str
    room: str
    seq: int
    is_event: bool
    events: tuple["Frame", ...] = ()

    @property
    def is_digest(self) -> bool:
        return self.type == "presence"

    @property
    def first(self) -> int:
        """The first seq that it covers: a digest covers several."""
        return int(self.data["from"]) if self.is_digest else self.seq

    @property
    def is_join(self) -> bool:
        return self.data.get("event") == "join"

    @property
    def is_leave(self) -> bool:
        return self.data.get("event") == "leave"


def parse(raw: str) -> Frame:
    """Read one frame; whatever is wrong with it is kept in ``faults``."""
    try:
        data = json.loads(raw)
    except ValueError:
        return Frame(raw, {}, ("is not JSON",), "", "", 0, False)
    if not isinstance(data, dict):
        return Frame(raw, {}, ("is not a JSON object",), "", "", 0, False)
    kind, room, seq = str(data.get("type")), str(data.get("room", "")), data.get("seq", 0)
    seq = seq if isinstance(seq, int) else 0
    faults = tuple(problems(data))
    events = tuple(map(parse, raw_items(raw))) if kind == "history" else ()
    inner = tuple(f"has an event that {fault}" for e in events for fault in e.faults)
    return Frame(raw, data, faults + inner, kind, room, seq, kind in EVENT_TYPES, events)


def raw_items(raw: str) -> list[str]:
    """Cut the events of a ``history`` frame out of it, byte for byte."""
    start = re.search(r'"events"\s*:\s*\[', raw)
    items, at = [], start.end() if start else len(raw)
    decoder = json.JSONDecoder()
    while at < len(raw) and raw[at] == "{":
        _, end = decoder.raw_decode(raw, at)
        items.append(raw[at:end])
        comma = re.compile(r"\s*,?\s*").match(raw, end)
        at = comma.end() if comma else end
    return items
