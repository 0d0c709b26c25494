"""Describe the socket in AsyncAPI 3: the commands that it takes, the frames that it sends."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from chatlog import __version__
from chatlog.web.api.described.examples import example_of
from chatlog.web.api.described.schemas import (
    SENT,
    TAKEN,
    Schema,
    Struct,
    components,
    tag_of,
    without_discriminators,
)

_SCHEMA: Final = "#/components/schemas/{name}"
_CHANNEL: Final = "socket"


def describe_socket(host: str, prefix: str, *, is_secure: bool) -> Schema:
    """Return the description of the socket of a server at ``host``, mounted at ``prefix``."""
    _, schemas = components(
        [one for structs in (SENT | TAKEN).values() for one in structs], _SCHEMA
    )
    messages = {name: _message(name, structs) for name, structs in (SENT | TAKEN).items()}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "chatlog",
            "version": __version__,
            "description": "Rooms over a WebSocket: one JSON object in each text frame.",
        },
        "defaultContentType": "application/json",
        "servers": {"here": _server(host, prefix, is_secure=is_secure)},
        "channels": {
            _CHANNEL: {
                "address": "/ws",
                "description": "Offer the subprotocol `chatlog`.",
                "messages": {name: _ref("components/messages", name) for name in messages},
                "bindings": {"ws": {"method": "GET"}},
            }
        },
        "operations": {
            "take": _operation("receive", TAKEN, "A client sends a command."),
            "send": _operation("send", SENT, "The server sends an event or an answer."),
        },
        "components": {"messages": messages, "schemas": without_discriminators(schemas)},
    }


def _server(host: str, prefix: str, *, is_secure: bool) -> Schema:
    server = {"host": host, "protocol": "wss" if is_secure else "ws"}
    return server | ({"pathname": prefix} if prefix else {})


def _operation(action: str, names: Iterable[str], summary: str) -> Schema:
    return {
        "action": action,
        "summary": summary,
        "channel": _ref("channels", _CHANNEL),
        "messages": [_ref(f"channels/{_CHANNEL}/messages", name) for name in names],
    }


def _message(name: str, structs: tuple[Struct, ...]) -> Schema:
    refs = [{"$ref": _SCHEMA.format(name=struct.__name__)} for struct in structs]
    return {
        "name": name,
        "title": tag_of(structs[0]),
        "summary": (structs[0].__doc__ or "").partition("\n")[0].replace("``", "`"),
        "payload": refs[0] if len(refs) == 1 else {"anyOf": refs},
        "examples": [{"payload": example_of(struct)} for struct in structs],
    }


def _ref(where: str, name: str) -> Schema:
    return {"$ref": f"#/{where}/{name}"}
