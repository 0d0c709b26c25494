"""Commands that come as plain values, by HTTP or from the embedding program."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from chatlog.domain.errors import Refused
from chatlog.domain.names import Limits, check_id
from chatlog.kinds.chat import Posting
from chatlog.kinds.command import Order
from chatlog.kinds.erasure import Redact

Form_ = TypeVar("Form_", bound=Order | Redact | Posting)


def form_of(kind: type[Form_], given: Mapping[str, Any], limits: Limits) -> Form_:
    """Return the command of a kind with the fields given, in form.

    Raises:
        Refused: ``bad_command`` or what ``check`` refuses.
    """
    try:
        found = msgspec.convert({**given, "type": kind.__struct_config__.tag}, kind)
    except msgspec.ValidationError as error:
        raise Refused("bad_command", str(error).replace("$.", "")) from None
    if found.id is not None:
        check_id(found.id)
    found.check(limits)
    return found
