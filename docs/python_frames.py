"""Python types of what the server sends, made from its own msgspec types.

They hold what a client needs and import nothing of the server. A key that may be absent is None.
"""

from __future__ import annotations

import inspect
import json
import keyword
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, get_args

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
    RawType,
    StrType,
    StructType,
    Type,
    UnionType,
    type_info,
)

from chatlog.kinds.event import Event
from chatlog.wire.answers import Answer, MemberListed
from chatlog.wire.presence import PresenceFrame
from docs.typescript import description

ANSWERS: Final[tuple[type[msgspec.Struct], ...]] = get_args(Answer)

HEAD = '''"""What the server sends: the frames of each kind of event, digests, and its answers.

Written by ``python -m docs.render`` from ``chatlog/kinds``, ``chatlog/wire/presence.py`` and
``chatlog/wire/answers.py``: edit those. What the server leaves out is None, or false.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec
'''
_PLAIN: Final[dict[type[Type], str]] = {
    RawType: "msgspec.Raw",
    StrType: "str",
    BoolType: "bool",
    IntType: "int",
    FloatType: "float",
    NoneType: "None",
}
_OPTIONS: Final = "frozen=True, kw_only=True"


def python(kinds: Sequence[type[Event]]) -> str:
    """Return a module with a type for each frame of these kinds, for digests and each answer."""
    frames = list(dict.fromkeys(frame for kind in kinds for frame in kind.frames))
    structs: list[type[msgspec.Struct]] = [*frames, PresenceFrame, MemberListed, *ANSWERS]
    return "\n\n".join(
        [
            HEAD,
            *map(_class, structs),
            "\n".join([_union("EventFrame", frames), _union("Answer", ANSWERS)]),
        ]
    )


def _class(struct: type[msgspec.Struct]) -> str:
    info = type_info(struct)
    assert isinstance(info, StructType)
    lines = [_docstring(struct), ""]
    options = _OPTIONS
    if info.tag is not None:
        options += f', tag_field="type", tag="{info.tag}"'
        lines.append(f'    type: ClassVar[Literal["{info.tag}"]] = "{info.tag}"')
    for field in info.fields:
        lines += _lines(field)
    return "\n".join([_heading(struct.__name__, options), *lines]) + "\n"


def _docstring(struct: type[msgspec.Struct]) -> str:
    about = inspect.cleandoc(struct.__doc__ or "")
    end = "\n" if "\n" in about else ""
    return textwrap.indent(f'"""{about}{end}"""', "    ")


def _heading(name: str, options: str) -> str:
    line = f"class {name}(msgspec.Struct, {options}):"
    return line if len(line) <= 100 else f"class {name}(\n    msgspec.Struct, {options}\n):"


def _lines(field: Field) -> Iterator[str]:
    default = _default(field)
    type = _type(field.type)
    if default == " = None" and "None" not in type:
        type += " | None"
    if keyword.iskeyword(field.encode_name):
        assert field.required
        default = f' = msgspec.field(name="{field.encode_name}")'
    yield f"    {field.name}: {type}{default}"
    said = description(field.type)
    if said is not None:
        yield f'    """{said}"""'


def _default(field: Field) -> str:
    if field.required:
        return ""
    if isinstance(field.default, str):
        return f" = {json.dumps(field.default)}"
    return f" = {field.default!r}" if isinstance(field.default, bool | int) else " = None"


def _type(type: Type) -> str:
    match type:
        case Metadata(type=inner):
            return _type(inner)
        case UnionType(types=choices):
            return _either(dict.fromkeys(map(_type, choices)))
        case LiteralType(values=values):
            return f"Literal[{', '.join(map(json.dumps, values))}]"
        case CollectionType(item_type=item):
            return f"tuple[{_type(item)}, ...]"
        case StructType(cls=cls):
            return cls.__name__
        case other if other.__class__ in _PLAIN:
            return _PLAIN[other.__class__]
        case _:
            raise TypeError(f"say in docs/python_frames.py what {type} is in a client")


def _either(choices: Iterable[str]) -> str:
    """Join choices; None, which may stand for an absent key, comes last."""
    return " | ".join(sorted(choices, key=lambda choice: choice == "None"))


def _union(name: str, structs: Iterable[type[msgspec.Struct]]) -> str:
    names = [struct.__name__ for struct in structs]
    line = f"{name} = {' | '.join(names)}"
    if len(line) <= 100:
        return line + "\n"
    return f"{name} = (\n    {names[0]}\n" + "".join(f"    | {one}\n" for one in names[1:]) + ")\n"
