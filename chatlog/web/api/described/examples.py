"""Examples of frames and commands, made from their types.

An example has what every frame of its type has; what may be absent is left out.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec.inspect import (
    BoolType,
    CollectionType,
    DictType,
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

from chatlog.kinds.creation import CreateRoom
from chatlog.kinds.person import OrderAboutPerson
from chatlog.kinds.room import ConfigureRoom
from chatlog.wire.answers import Error

_AT: Final = "2026-11-22T17:00:00.123456Z"
_SAID: Final[dict[str, str]] = {
    "access": "open",
    "at": _AT,
    "code": "not_joined",
    "expires_at": "2026-11-22T18:00:00Z",
    "hash": "ffba7490e223930f",
    "history": "all",
    "id": "0192d3c4-7a5e-7cc0-8d1b-2f6f0a3b9c11",
    "member": "grace",
    "message": "hello",
    "role": "member",
    "room": "general",
    "scope": "audit",
    "session": "163e0f3ad3a54e5ba5b3a3c7f3a9d7f0",
    "subject": "u-17",
    "topic": "Deployments",
    "token": "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmVk",
    "until": "2026-12-22T17:00:00Z",
    "username": "ada",
}
"""Values of text fields, by name; others say their name."""
_FURTHER: Final[dict[type[msgspec.Struct], dict[str, Any]]] = {
    ConfigureRoom: {"topic": _SAID["topic"]},
    CreateRoom: {"room": _SAID["room"]},
    Error: {"message": "Join the room before you chat in it."},
}
"""What some have besides, so that an example is one that the server takes."""


def example_of(struct: type[msgspec.Struct]) -> dict[str, Any]:
    """Return an example of a struct as JSON has it."""
    about = {"username": "grace"} if issubclass(struct, OrderAboutPerson) else {}
    return _struct(type_info(struct)) | about | _FURTHER.get(struct, {})


def _struct(info: Type) -> dict[str, Any]:
    assert isinstance(info, StructType)
    tag = {} if info.tag_field is None else {info.tag_field: info.tag}
    return tag | {field.encode_name: _value(field) for field in info.fields if field.required}


def _value(field: Field) -> object:
    return _of_type(field.type, field.encode_name)


def _of_type(given: Type, name: str) -> object:
    if isinstance(given, Metadata):
        return _of_type(given.type, name)
    if isinstance(given, UnionType):
        return _of_type(_first_said(given), name)
    if isinstance(given, StructType):
        return _struct(given)
    if isinstance(given, CollectionType):
        return [] if isinstance(given.item_type, RawType) else [_of_type(given.item_type, name)]
    if isinstance(given, LiteralType):
        return _SAID[name] if _SAID.get(name) in given.values else given.values[0]
    if isinstance(given, StrType):
        return _SAID.get(name, _SAID["username"] if name == "users" else name)
    if isinstance(given, BoolType):
        return False
    if isinstance(given, IntType | FloatType):
        return 1
    assert isinstance(given, DictType | NoneType)
    return {} if isinstance(given, DictType) else None


def _first_said(union: UnionType) -> Type:
    return next(choice for choice in union.types if not isinstance(choice, NoneType))
