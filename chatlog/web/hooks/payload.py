"""What programs send to Slack and Mattermost, as the text of a chat.

Their own markup is undone: ``<url|text>``, mentions, and the entities for ``&``, ``<`` and ``>``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from aiohttp import web

from chatlog.domain.errors import Refused
from chatlog.domain.names import message_from, username_from

_FORM: Final = "application/x-www-form-urlencoded"
_MULTIPART: Final = "multipart/form-data"
_LINK: Final = re.compile(r"<((?:https?|mailto|ftp|tel):[^<>|\s]+)(?:\|([^<>]*))?>", re.IGNORECASE)
_MENTION: Final = re.compile(r"<([@#!])([^<>|\s]+)(?:\|([^<>]*))?>")
_ENTITIES: Final = {"&amp;": "&", "&lt;": "<", "&gt;": ">"}
_ENTITY: Final = re.compile("|".join(_ENTITIES))
_CUT: Final = "…"


class Field(msgspec.Struct):
    """A row of an attachment's table."""

    title: Any = None
    value: Any = None


class Attachment(msgspec.Struct):
    """A part of a payload; ``fallback`` stands in for all else."""

    fallback: Any = None
    pretext: Any = None
    title: Any = None
    title_link: Any = None
    text: Any = None
    fields: list[Field] | None = None


class Payload(msgspec.Struct):
    """What of a payload counts."""

    text: Any = None
    username: Any = None
    attachments: list[Attachment] | None = None


async def payload_in(request: web.Request, most: int) -> Payload:
    """Return the payload of a request: its JSON body, or that in its form field ``payload``.

    Raises:
        Refused: ``bad_json``.
        HTTPRequestEntityTooLarge: if it has more than ``most`` bytes.
    """
    body = await _body(request.clone(client_max_size=most))
    try:
        return msgspec.json.decode(body, type=Payload)
    except (msgspec.DecodeError, UnicodeDecodeError, UnicodeEncodeError, RecursionError):
        raise Refused("bad_json", "Send a JSON object with `text`, in UTF-8.") from None


async def _body(request: web.Request) -> bytes | bytearray | str:
    try:
        if request.content_type == _MULTIPART:
            return _text_in((await request.post()).get("payload", ""))
        text = await request.read()
        if request.content_type != _FORM or text.lstrip().startswith(b"{"):
            return text  # `curl -d` calls every body a form
        return _text_in((await request.post()).get("payload", ""))
    except (LookupError, ValueError):  # an unknown encoding, or no form
        raise Refused("bad_json", "The form is malformed.") from None


def _text_in(field: object) -> bytes | bytearray | str:
    if not isinstance(field, bytes | bytearray | str):
        raise Refused("bad_json", "`payload` must be a text, not a file.")
    return field


def text_of(payload: Payload, max_bytes: int) -> str:
    """Return the text of a payload's chat, at most so many bytes of UTF-8; it may be blank.

    Attachments follow the text, each on lines of its own.
    """
    parts = [_plain(payload.text), *map(_attached, payload.attachments or ())]
    return cut("\n".join(filter(None, parts)), max_bytes)


def sender_of(payload: Payload, name: str, max_chars: int) -> str | None:
    """Return whom a payload says that it is from, short enough to be shown after the hook's name.

    None is nobody.
    """
    room = max_chars - len(f"{name} ()")
    given = username_from(_said(payload.username))
    fitting = given if len(given) <= room else f"{given[: max(0, room - 1)].rstrip()}{_CUT}"
    return fitting if 0 < len(fitting) <= room and fitting != _CUT else None


def cut(text: str, max_bytes: int) -> str:
    """Return a text of at most so many bytes of UTF-8; one that was cut ends in an ellipsis."""
    encoded = text.encode()
    if len(encoded) <= max_bytes:
        return text
    kept = encoded[: max(0, max_bytes - len(_CUT.encode()))].decode(errors="ignore")
    return f"{kept.rstrip()}{_CUT}"


def _attached(one: Attachment) -> str:
    title, link = _plain(one.title), _said(one.title_link).strip()
    heading = f"{title} ({link})" if title and link else title or link
    rows = [_row(field) for field in one.fields or ()]
    lines = [_plain(one.pretext), heading, _plain(one.text), *rows]
    return "\n".join(filter(None, lines)) or _plain(one.fallback)


def _row(field: Field) -> str:
    return ": ".join(filter(None, (_plain(field.title), _plain(field.value))))


def _said(value: object) -> str:
    """Return a value as text: programs also send numbers."""
    if value is None or isinstance(value, list | Mapping):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def _plain(value: object) -> str:
    """Return a text without markup, carriage returns and control characters."""
    text = _LINK.sub(_link, message_from(_said(value)))
    text = _MENTION.sub(_mention, text)
    return _ENTITY.sub(lambda found: _ENTITIES[found[0]], text).strip()


def _link(found: re.Match[str]) -> str:
    url, label = found[1], (found[2] or "").strip()
    return url if label in ("", url) else f"{label} ({url})"


def _mention(found: re.Match[str]) -> str:
    sign, target, label = found.groups()
    shown = (label or target.partition("^")[0]).lstrip("@#")
    return f"{'#' if sign == '#' else '@'}{shown}"
