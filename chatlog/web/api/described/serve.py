"""Answer with the descriptions of the API, of the socket, and of each frame."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from aiohttp import web

from chatlog.web.api.described.asyncapi import describe_socket
from chatlog.web.api.described.openapi import describe
from chatlog.web.api.described.schemas import NAMED, Schema, schema_of
from chatlog.web.api.endpoints import ENDPOINTS
from chatlog.web.api.replies import reply

_OPENAPI: Final = "/api/openapi.json"
_ASYNCAPI: Final = "/api/asyncapi.json"


def add_descriptions(app: web.Application) -> None:
    """Add what describes the API and the socket."""
    app.router.add_get(_OPENAPI, show_api)
    app.router.add_get(_ASYNCAPI, show_socket)
    app.router.add_get("/api/schemas/{type}.json", show_schema)


async def show_api(request: web.Request) -> web.StreamResponse:
    """Answer with the API's description in OpenAPI."""
    return await reply(request, _api(request.path.removesuffix(_OPENAPI)))


async def show_socket(request: web.Request) -> web.StreamResponse:
    """Answer with the socket's description in AsyncAPI."""
    prefix = request.path.removesuffix(_ASYNCAPI)
    return await reply(request, _socket(request.host, prefix, request.secure))


async def show_schema(request: web.Request) -> web.StreamResponse:
    """Answer with the JSON Schema of a frame or a command."""
    name = request.match_info["type"]
    if name not in NAMED:
        raise web.HTTPNotFound
    return await reply(request, _schema(name))


# Each takes tens of milliseconds to make; one for each place where the API is mounted.
@lru_cache(maxsize=16)
def _api(prefix: str) -> Schema:
    return describe(ENDPOINTS, prefix)


@lru_cache(maxsize=16)
def _socket(host: str, prefix: str, is_secure: bool) -> Schema:
    return describe_socket(host, prefix, is_secure=is_secure)


@lru_cache(maxsize=64)
def _schema(name: str) -> Schema:
    return schema_of(name)
