"""JSON over HTTP: bodies and errors."""

from __future__ import annotations

import msgspec
from aiohttp import web


class ErrorDetail(msgspec.Struct):
    """What went wrong: one of the contract's codes and a sentence."""

    code: str
    message: str


class ErrorBody(msgspec.Struct):
    """The body of every answer that is an error."""

    error: ErrorDetail


def json(body: object, status: int = 200) -> web.Response:
    """Return a JSON answer."""
    return web.Response(
        body=msgspec.json.encode(body), status=status, content_type="application/json"
    )


def error(status: int, code: str, message: str) -> web.Response:
    """Return a JSON error."""
    return json(ErrorBody(ErrorDetail(code, message)), status)
