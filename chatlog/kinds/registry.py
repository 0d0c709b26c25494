"""Tables derived from the list of kinds, for code that is written once for all kinds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, Literal, Union

from chatlog.domain.errors import Refused
from chatlog.kinds import KINDS, ORDERS
from chatlog.kinds.command import Order, Request

BY_TYPE: Final = {kind.type: kind for kind in KINDS}
EVENT_TYPES: Final = tuple(BY_TYPE)
MESSAGE_TYPES: Final = tuple(kind.type for kind in KINDS if kind.is_message)
REDACTABLE_TYPES: Final = tuple(
    kind.type for kind in KINDS if kind.is_message or kind.is_redactable
)
RIGHTS_TYPES: Final = tuple(kind.type for kind in KINDS if kind.is_about_rights)
"""The types that change a room's rights."""
REQUESTS: Final = tuple(kind.request for kind in KINDS if kind.request is not None)
FRAMES: Final = tuple(dict.fromkeys(frame for kind in KINDS for frame in kind.frames))
COLUMNS: Final = tuple(dict.fromkeys(column for kind in KINDS for column in kind.columns))
"""The columns of a CSV file that only some kinds have, in order."""


def check_types(types: Iterable[str]) -> None:
    """Refuse what is no type of events.

    Raises:
        Refused: ``bad_command``.
    """
    for type in types:
        if type not in EVENT_TYPES:
            known = ", ".join(EVENT_TYPES)
            raise Refused("bad_command", f"There are no events of type {type!r}, only {known}.")


if TYPE_CHECKING:
    import msgspec

    EventType = str
    AnyFrame = msgspec.Struct
    AnyRequest = Request
    AnyOrder = Order
else:
    EventType = Literal[EVENT_TYPES]
    AnyFrame = Union[FRAMES]  # noqa: UP007 - of as many as there are
    AnyRequest = Union[REQUESTS]  # noqa: UP007
    AnyOrder = Union[ORDERS]  # noqa: UP007
