"""JSON Schema of each frame that a server sends, and of each command that it takes.

A schema is called by the ``type`` in the frame, or by a type of events, which may have several
frames; that of a command is called ``TYPE-command``.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any, Final, get_args

import msgspec

from chatlog.kinds import KINDS
from chatlog.kinds.registry import FRAMES, AnyFrame
from chatlog.web.api.described.examples import example_of
from chatlog.wire.answers import Answer, HistoryFrame
from chatlog.wire.commands import ClientCommand
from chatlog.wire.presence import PresenceFrame

Schema = dict[str, Any]
Struct = type[msgspec.Struct]

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_DEFINED: Final = "#/$defs/{name}"


class DescribedHistory(HistoryFrame, tag="history"):
    """A page of events; ``first`` and ``last`` are the ends of the range covered."""

    events: list[AnyFrame]  # type: ignore[assignment]


def _described(frame: Struct) -> Struct:
    return DescribedHistory if frame is HistoryFrame else frame


def tag_of(struct: Struct) -> str:
    """Return the ``type`` of a frame or a command."""
    return str(struct.__struct_config__.tag)


def _by_tag(structs: Iterable[Struct], suffix: str = "") -> dict[str, tuple[Struct, ...]]:
    found: dict[str, tuple[Struct, ...]] = {}
    for struct in structs:
        name = tag_of(struct) + suffix
        found[name] = (*found.get(name, ()), _described(struct))
    return found


SENT: Final = _by_tag((*FRAMES, PresenceFrame, *get_args(Answer)))
"""The frames that a server sends, by name."""
TAKEN: Final = _by_tag(get_args(ClientCommand), "-command")
"""The commands that it takes. In token mode some have other fields: these have two structs."""
_RECORDED: Final = {kind.type: kind.frames for kind in KINDS}
NAMED: Final = _RECORDED | SENT | TAKEN
"""Everything that has a schema."""


def schema_of(name: str) -> Schema:
    """Return the schema of this name.

    Raises:
        KeyError: if there is none.
    """
    structs = NAMED[name]
    found, schemas = components(structs, _DEFINED)
    schemas = without_discriminators(schemas)
    about = inspect.cleandoc(structs[0].__doc__ or "").replace("``", "`")
    either = found[0] if len(found) == 1 else {"anyOf": list(found)}
    of_kind = (
        {"event": name} if name in _RECORDED and "event" in structs[0].__struct_fields__ else {}
    )
    only = {"properties": {"event": {"const": name}}} if of_kind else {}
    examples = [example_of(struct) | of_kind for struct in structs]
    described = {"$schema": _DIALECT, "title": name, "description": about, "examples": examples}
    return {**described, **either, **only, "$defs": schemas}


def components(types: Iterable[Any], template: str) -> tuple[tuple[Schema, ...], Schema]:
    """Return references to the schemas of types, and all schemas by name."""
    found, schemas = msgspec.json.schema_components(tuple(types), ref_template=template)
    return found, {name: plain(schema) for name, schema in schemas.items()}


def plain(schema: Schema) -> Schema:
    """Return a schema whose description, a docstring, is plain text."""
    words = inspect.cleandoc(schema.get("description", "")).replace("``", "`")
    return {**schema, "description": words} if words else schema


def without_discriminators(schema: Any) -> Any:
    """Return schemas without a keyword that is OpenAPI's alone."""
    if isinstance(schema, dict):
        kept = {key: value for key, value in schema.items() if key != "discriminator"}
        return {key: without_discriminators(value) for key, value in kept.items()}
    return [*map(without_discriminators, schema)] if isinstance(schema, list | tuple) else schema
