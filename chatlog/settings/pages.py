"""Settings of the pages: who may frame them, their title and their accent."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from chatlog.settings.signing_in import SigningIn
from chatlog.settings.values import WrongValue

MAX_TITLE_CHARS: Final = 64

# What a browser sends as an Origin and accepts in a policy: no IPv6 address, no `*`, no path.
_ORIGIN: Final = re.compile(
    r"https?://[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*(:(?P<port>[0-9]{1,5}))?",
    re.IGNORECASE | re.ASCII,
)
_COLOUR: Final = re.compile(r"#([0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE | re.ASCII)
_MOST_PORT: Final = 65_535


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages(SigningIn):
    """The part of the ``Settings`` that is about the pages."""

    frame_ancestor: tuple[str, ...] = field(
        default=(),
        metadata={"help": "origin whose pages may show these pages in a frame (repeatable)"},
    )
    title: str = field(default="chatlog", metadata={"help": "name that the pages show"})
    accent: str = field(
        default="", metadata={"help": "colour of links and buttons in the pages, as #0a7d5a"}
    )


def check_pages(settings: Pages) -> None:
    """Refuse what browsers do not understand, or what nobody could read.

    Raises:
        WrongValue: naming the setting.
    """
    for origin in settings.frame_ancestor:
        if not _is_origin(origin):
            raise WrongValue(
                "frame_ancestor",
                "must be an origin such as https://shop.example or http://localhost:3000, "
                f"without a path or a wildcard, not {origin!r}.",
            )
    title = settings.title
    if not (0 < len(title) <= MAX_TITLE_CHARS and title.isprintable() and title == title.strip()):
        raise WrongValue(
            "title",
            f"must have 1 to {MAX_TITLE_CHARS} printable characters and no space at its ends.",
        )
    if settings.accent and _COLOUR.fullmatch(settings.accent) is None:
        raise WrongValue(
            "accent", f"must be a CSS hex colour such as #0a7d5a, not {settings.accent!r}."
        )


def _is_origin(text: str) -> bool:
    found = _ORIGIN.fullmatch(text)
    if found is None:
        return False
    port = found["port"]
    return port is None or 0 < int(port) <= _MOST_PORT
