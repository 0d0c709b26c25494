"""Tables about kinds, made from the kinds' own types, and the marked places where they go.

A page has ``<!-- NAME, from chatlog/kinds: python -m docs.render -->`` before a table and
``<!-- end -->`` after it.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, fields
from typing import Any, Final, Literal, cast, get_args

import msgspec

from chatlog.kinds.event import Event, Facts
from chatlog.kinds.leave import Cause
from chatlog.kinds.proof import ProofLine
from chatlog.wire.spreadsheet import FIRST_COLUMNS, LAST_COLUMNS

Kinds = Sequence[type[Event]]
Mark = Literal["●", "○", ""]
"""Always, sometimes, never."""

_PLACE: Final = re.compile(
    r"(?P<begin><!-- (?P<name>[\w ]+), from chatlog/kinds: python -m docs\.render -->\n)"
    r".*?(?P<end><!-- end -->)",
    re.DOTALL,
)


def with_tables(page: str, kinds: Kinds) -> str:
    """Return the page with each of its marked tables made anew."""
    return _PLACE.sub(lambda m: f"{m['begin']}{TABLES[m['name']](kinds)}\n{m['end']}", page)


def frames(kinds: Kinds) -> str:
    """Return a table of the frames of events and their keys."""
    by_frame: dict[type[msgspec.Struct], list[str]] = {}
    for kind in kinds:
        for frame in kind.frames:
            by_frame.setdefault(frame, []).append(kind.type)
    rows = [
        (_code(frame.__struct_config__.tag), _codes(types), _keys(frame), _about(frame))
        for frame, types in by_frame.items()
    ]
    return _table(("type", "types of events", "keys", "meaning"), rows)


def causes(kinds: Kinds) -> str:
    """Return a list of the causes of a leave."""
    return f"{_codes(get_args(Cause))}."


def header(kinds: Kinds) -> str:
    """Return a table of the fields that a hash covers, and of the events that have them."""
    heads = ("#", "field", "bytes", *(kind.type for kind in kinds), "in an export")
    bytes_of_type = f"text, one of {_codes(kind.type for kind in kinds)}"
    known = {**_BEFORE, **_FACTS, **_AFTER, "details": _DETAILS}
    known["type"] = (bytes_of_type, known["type"][1])
    rows = [
        (str(number), name, about, *(_mark(kind, name) for kind in kinds), place)
        for number, (name, (about, place)) in enumerate(known.items(), 1)
    ]
    return _table(heads, rows)


def columns(kinds: Kinds) -> str:
    """Return a table of the columns of a CSV file, and of the events that fill them."""
    own = dict.fromkeys(column for kind in kinds for column in kind.columns)
    everybody = (*FIRST_COLUMNS, *LAST_COLUMNS)
    rows = [
        (_code(column), *("●" if column in (*everybody, *kind.columns) else "" for kind in kinds))
        for column in (*FIRST_COLUMNS, *own, *LAST_COLUMNS)
    ]
    return _table(("column", *(kind.type for kind in kinds)), rows)


TABLES: Final[Mapping[str, Callable[[Kinds], str]]] = {
    "frames": frames,
    "causes": causes,
    "header": header,
    "columns": columns,
}

# What a header's field holds, and where it is in a line of an export. Every event has these.
_BEFORE: Final = {
    "format": ("the text `chatlog-1`", "`proof.format`"),
    "type": ("text", "`event`, else `type`"),
    "room id": ("32 hexadecimal digits, as text", "`proof.room_id`"),
    "seq": ("decimal text", "`seq`"),
    "at": ("27 characters, `2026-11-22T17:00:00.123456Z`", "`at`"),
    "user id": ("32 hexadecimal digits, as text", "`proof.user_id`"),
    "node": ("text: the server process that appended it", "`proof.node`"),
}
_FACTS: Final = {
    "session": ("text", "`proof.session`"),
    "client_id": ("text: its author's id for it", "`id`, else `proof.id`"),
    "cause": ("text, one of the protocol's", "`cause`"),
    "last_seen_at": ("27 characters, if the cause is `lapsed`", "`last_seen_at`"),
    "sessions": ("decimal text: the user's open sessions after it", "`sessions`"),
    "replay_from": ("decimal text: the seq where the member's replay began", "`proof.replay_from`"),
    "of": (
        (
            "an erasure's seqs, decimal, joined by commas: `42,43`; the seq of the event with the "
            "room's topic; or the id of the member, or of who removed the user"
        ),
        "`of`, else `proof.of`",
    ),
}
_OTHERS: Final = frozenset({"by", "topic_seq"})
_AFTER: Final = {
    "name commitment": ("32 raw bytes", "`proof.name_commitment`"),
    "text commitment": ("32 raw bytes", "`proof.text_commitment`"),
}
_DETAILS: Final = ("canonical JSON (RFC 8785); left out if the event has none", "`proof.details`")


def _mark(kind: type[Event], name: str) -> Mark:
    if name == "text commitment":
        return "●" if kind.is_message else "○" if kind.text is not Event.text else ""
    if name == "details":
        return _mark_of_details(kind)
    if name == "of" and "of" not in _types(kind):  # the user it is about, or another's topic
        return "●" if "member" in _types(kind) else "○" if _types(kind).keys() & _OTHERS else ""
    return _mark_of_fact(kind, name) if name in Facts._fields else "●"


def _mark_of_fact(kind: type[Event], fact: str) -> Mark:
    type = _types(kind).get("id" if fact == "client_id" else fact)
    return "" if type is None else "○" if type.endswith("None") else "●"


def _mark_of_details(kind: type[Event]) -> Mark:
    """Look for fields that are neither common, nor a fact, nor erasable text, and for people."""
    hidden = {*kind.proof_line.__struct_fields__} - {*ProofLine.__struct_fields__}
    known = {"user", "node", "id", "message", *Facts._fields, *hidden}
    own = [field for field in fields(cast(Any, kind)) if field.name not in known]
    if any(field.default is MISSING for field in own):
        return "●"
    return "○" if own or kind.people is not Event.people else ""


def _types(kind: type[Event]) -> Mapping[str, str]:
    """Return the types of its fields, as they are written."""
    return {field.name: str(field.type) for field in fields(cast(Any, kind))}


def _keys(frame: type[msgspec.Struct]) -> str:
    return ", ".join(
        _code(field.encode_name) + ("" if field.required else "?")
        for field in msgspec.structs.fields(frame)
    )


def _about(struct: type[msgspec.Struct]) -> str:
    return " ".join(inspect.cleandoc(struct.__doc__ or "").replace("``", "`").split())


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["".join(f"| {cell} " if cell else "| " for cell in row) + "|" for row in rows]
    return "\n".join([f"| {' | '.join(heads)} |", "|---" * len(heads) + "|", *lines])


def _code(word: object) -> str:
    return f"`{word}`"


def _codes(words: Iterable[object]) -> str:
    return ", ".join(map(_code, words))
