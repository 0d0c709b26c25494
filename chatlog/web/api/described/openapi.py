"""Describe the API in OpenAPI 3.1, from the types of its queries and bodies.

Its schemas are JSON Schema 2020-12, which msgspec generates. Nothing is described twice: names,
limits and descriptions of fields come from their types.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from typing import Final

import msgspec

from chatlog import __version__
from chatlog.kinds.event import MAX_NUMBER
from chatlog.kinds.registry import AnyFrame
from chatlog.web.answers import ErrorBody
from chatlog.web.api.bodies import Message
from chatlog.web.api.described.schemas import Schema, components
from chatlog.web.api.endpoints import Endpoint
from chatlog.web.api.governing import IDEMPOTENCY_KEY

_REF: Final = "#/components/schemas/{name}"
_ERRORS: Final = {
    "400": "The request is malformed; the message says what is wrong.",
    "403": "The Host is not this server's, or pages of this origin may not connect.",
    "401": "There is no valid token in the header.",
    "404": "There is no room of this name, or no webhook with this id.",
    "409": "Something else has this name, or this id.",
    "413": "The request is too large.",
    "429": "You are too fast.",
    "503": "The server is overloaded, or its database is unavailable.",
}
_IN_PATH: Final = {
    "room": {"type": "string", "minLength": 1},
    "subject": {"type": "string", "minLength": 1, "maxLength": 128},
    "id": {"type": "string", "minLength": 1},
    "seq": {"type": "integer", "minimum": 1, "maximum": MAX_NUMBER},
}
_CREATING: Final = {"/api/rooms", "/api/rooms/{room}/messages", "/api/webhooks"}
_LAST_EVENT_ID: Final = {
    "name": "Last-Event-ID",
    "in": "header",
    "description": "The id of the last message received: the stream resumes after it.",
    "schema": {"type": "string"},
}
_KEY: Final = {
    "name": IDEMPOTENCY_KEY,
    "in": "header",
    "description": "What is sent again with the same key is carried out once.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 64},
}
_ETAG: Final = {
    "description": "Send it as If-None-Match: 304 means that the answer is still valid.",
    "schema": {"type": "string"},
}


def describe(endpoints: Iterable[Endpoint], prefix: str) -> Schema:
    """Return the description of an API that is mounted at ``prefix``."""
    endpoints = tuple(endpoints)
    taken = [endpoint.takes for endpoint in endpoints if endpoint.takes is not None]
    types = [endpoint.body for endpoint in endpoints] + [AnyFrame, ErrorBody, *taken]
    found, schemas = components(types, _REF)
    described: Schema = {
        "openapi": "3.1.0",
        "info": {
            "title": "chatlog",
            "version": __version__,
            "description": "Rooms, their events, and queries about their past.",
        },
        "servers": [{"url": prefix or "/"}],
        "paths": _paths(zip(endpoints, found, strict=False), schemas),
        "components": {"schemas": schemas},
    }
    return _with_short_names(described)


def _paths(described: Iterable[tuple[Endpoint, Schema]], schemas: Schema) -> Schema:
    paths: Schema = {}
    for endpoint, body in described:
        operation = _operation(endpoint, body, schemas)
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = operation
    return paths


def _operation(endpoint: Endpoint, body: Schema, schemas: Schema) -> Schema:
    not_found = {"404"} if "{" in endpoint.path else set()
    usual = {"400", "401", "403", "503"} | not_found
    errors = {status: words for status, words in _ERRORS.items() if status in usual}
    if endpoint.method != "GET":
        return _order(endpoint, body, errors) | _taken(endpoint, schemas)
    parameters = [*_path_parameters(endpoint.path), *_query_parameters(endpoint.query)]
    if endpoint.is_stream:
        parameters.append(_LAST_EVENT_ID)
        errors["429"] = _ERRORS["429"]
    return {
        "operationId": re.sub(r"\W+", "_", endpoint.path).strip("_"),
        "summary": endpoint.summary,
        "description": inspect.cleandoc(endpoint.query.__doc__ or ""),
        "parameters": parameters,
        "responses": {
            **(_stream(endpoint) if endpoint.is_stream else _page(endpoint, body)),
            **{status: _error(words) for status, words in errors.items()},
        },
    }


def _page(endpoint: Endpoint, body: Schema) -> Schema:
    return {
        "200": {
            "description": endpoint.summary,
            "headers": {"ETag": _ETAG},
            "content": {"application/json": {"schema": body}},
        },
        "304": {"description": "Your copy is still valid.", "headers": {"ETag": _ETAG}},
    }


def _stream(endpoint: Endpoint) -> Schema:
    content = {"text/event-stream": {"schema": {"type": "string"}}}
    return {
        "200": {"description": endpoint.summary, "content": content},
        "204": {"description": "The stream has ended for good: Last-Event-ID is `end`."},
    }


def _order(endpoint: Endpoint, body: Schema, errors: Iterable[str]) -> Schema:
    name = re.sub(r"\W+", "_", f"{endpoint.method.lower()}{endpoint.path}").strip("_")
    content = {"application/json": {"schema": body}}
    done = {"description": endpoint.summary, "content": content}
    return {
        "operationId": name,
        "summary": endpoint.summary,
        "description": inspect.cleandoc((endpoint.takes or endpoint.body).__doc__ or ""),
        "responses": {
            "200": done,
            **({"201": done} if endpoint.path in _CREATING else {}),
            **{status: _error(_ERRORS[status]) for status in (*errors, "401", "409", "413", "429")},
        },
    }


def _taken(endpoint: Endpoint, schemas: Schema) -> Schema:
    """Return what a request has: its path, its key and its body, which repeats neither of them."""
    parameters = _path_parameters(endpoint.path)
    if endpoint.takes is None:
        return {"parameters": parameters}
    if endpoint.takes is Message or "id" in endpoint.takes.__struct_fields__:
        parameters.append(_KEY)
    elsewhere = {"type", "id", *re.findall(r"{(\w+)}", endpoint.path)}
    body = dict(schemas[endpoint.takes.__name__])
    body["properties"] = {k: v for k, v in body["properties"].items() if k not in elsewhere}
    body["required"] = [name for name in body.get("required", ()) if name not in elsewhere]
    return {
        "parameters": parameters,
        "requestBody": {"content": {"application/json": {"schema": body}}},
    }


def _error(words: str) -> Schema:
    schema = {"$ref": _REF.format(name="ErrorBody")}
    return {"description": words, "content": {"application/json": {"schema": schema}}}


def _path_parameters(path: str) -> list[Schema]:
    return [
        {"name": name, "in": "path", "required": True, "schema": _IN_PATH[name]}
        for name in re.findall(r"{(\w+)}", path)
    ]


def _query_parameters(query: type[msgspec.Struct]) -> list[Schema]:
    (_,), schemas = msgspec.json.schema_components([query], ref_template=_REF)
    properties = schemas[query.__name__]["properties"]
    return [_query_parameter(name, _given(schema)) for name, schema in properties.items()]


def _query_parameter(name: str, schema: Schema) -> Schema:
    parameter: Schema = {"name": name, "in": "query", "schema": schema}
    if (words := schema.pop("description", None)) is not None:
        parameter["description"] = words
    if schema.get("type") == "array":
        parameter |= {"style": "form", "explode": False}  # separated by commas
    return parameter


def _given(schema: Schema) -> Schema:
    """Return the schema of a parameter when present: an absent one is not ``null``."""
    if "anyOf" not in schema:
        return dict(schema)
    (given,) = (choice for choice in schema["anyOf"] if choice != {"type": "null"})
    return {**given, **{key: schema[key] for key in ("description",) if key in schema}}


def _with_short_names(described: Schema) -> Schema:
    """Name the instance of a generic type like the type."""
    text = msgspec.json.encode(described).decode()
    for name in described["components"]["schemas"]:
        short = name.partition("_")[0]
        text = text.replace(f'"{name}"', f'"{short}"').replace(f'/{name}"', f'/{short}"')
    decoded: Schema = msgspec.json.decode(text)
    return decoded
