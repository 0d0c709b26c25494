"""TypeScript types of the frames of kinds and of presence digests, made from their msgspec types.

A key that may be absent is optional; what the server omits or a client may leave out is never
``null``. Descriptions of types and fields become comments.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterable, Iterator, Sequence

import msgspec
from msgspec.inspect import (
    BoolType,
    CollectionType,
    Field,
    FloatType,
    IntType,
    LiteralType,
    Metadata,
    NoneType,
    StrType,
    StructType,
    Type,
    UnionType,
    type_info,
)

from chatlog.kinds.event import Event
from chatlog.wire.presence import PresenceFrame

HEAD = """/**
 * The frames of each kind of event, digests, and the commands of clients that append an event.
 *
 * Written by `python -m docs.render` from chatlog/kinds and chatlog/wire/presence.py: edit those.
 */
"""


def typescript(kinds: Sequence[type[Event]]) -> str:
    """Return a module with a type for each frame and each request of these kinds."""
    frames = list(dict.fromkeys(frame for kind in kinds for frame in kind.frames))
    requests = [kind.request for kind in kinds if kind.request is not None]
    tags = ", ".join(json.dumps(frame.__struct_config__.tag) for frame in frames)
    types = ", ".join(json.dumps(kind.type) for kind in kinds)
    parts = [
        *(_interface(frame, frame.__name__) for frame in frames),
        _interface(PresenceFrame, PresenceFrame.__name__),
        f"export type EventFrame = {_either(frame.__name__ for frame in frames)};\n",
        f"/** The `type` of each frame. */\nexport const EVENT_FRAMES = [{tags}] as const;\n",
        f"/** Types of events, as in filters. */\nexport const EVENT_TYPES = [{types}] as const;\n",
        *(_interface(request, f"{request.__name__}Request") for request in requests),
        f"export type EventRequest = {_either(f'{one.__name__}Request' for one in requests)};\n",
    ]
    return "\n".join([HEAD, *parts])


def _interface(struct: type[msgspec.Struct], name: str) -> str:
    info = type_info(struct)
    assert isinstance(info, StructType)
    lines = [f'  readonly type: "{info.tag}";']
    for field in info.fields:
        lines += _lines(field)
    about = inspect.cleandoc(struct.__doc__ or "")
    body = "\n".join([f"export interface {name} {{", *lines, "}"])
    return f"{_comment(about)}\n{body}\n"


def _lines(field: Field) -> Iterator[str]:
    said = description(field.type)
    if said is not None:
        yield f"  {_comment(said)}"
    mark = "" if field.required else "?"
    # Absent keys are left out on both ways: where one may be absent, null says nothing more.
    absent = () if field.required else (NoneType,)
    yield f"  readonly {field.encode_name}{mark}: {_type(field.type, absent)};"


def description(type: Type) -> str | None:
    """Return the description of a field's type, or of the one choice that has one."""
    if isinstance(type, Metadata):
        found: str | None = (type.extra_json_schema or {}).get("description")
        return found or description(type.type)
    choices = type.types if isinstance(type, UnionType) else ()
    return next(filter(None, map(description, choices)), None)


def _type(type: Type, absent: tuple[type[Type], ...] = ()) -> str:
    match type:
        case Metadata(type=inner):
            return _type(inner, absent)
        case UnionType(types=choices):
            return _either(_type(one) for one in choices if not isinstance(one, absent))
        case LiteralType(values=values):
            return _either(map(json.dumps, values))
        case CollectionType(item_type=item):
            return f"readonly {_grouped(_type(item))}[]"
        case StrType():
            return "string"
        case BoolType():
            return "boolean"
        case IntType() | FloatType():
            return "number"
        case NoneType():
            return "null"
        case _:
            raise TypeError(f"say in docs/typescript.py what {type} is in TypeScript")


def _grouped(type: str) -> str:
    return f"({type})" if " " in type else type


def _either(choices: Iterable[str]) -> str:
    return " | ".join(choices)


def _comment(text: str) -> str:
    lines = text.replace("``", "`").split("\n")
    if len(lines) == 1:
        return f"/** {lines[0]} */"
    return "\n".join(["/**", *(f" * {line}".rstrip() for line in lines), " */"])
