"""Details and contents as they are stored, and as the present version of their kind has them.

Stored details are canonical JSON, covered by the hash, and never rewritten. Besides the kind's own
facts they hold, under reserved keys, the ``commitments`` to the event's further contents, by name,
the ``version`` of the kind that wrote them, unless it is 1, and ``via``, the door by which the
command came, unless that was a socket. A kind sees none of these keys: ``current`` removes them and
brings the facts to the present version.

The column ``contents`` has an event's erasable contents besides its text, each with its salt, as a
JSON object by the contents' names. Erasing the event sets it to NULL, with the text and its salt;
the commitments to the contents stay in ``details``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec

from chatlog.kinds.event import Event, Facts, canonical
from chatlog.kinds.proof import Hex16, Hex32, Proved


class _Common(msgspec.Struct):
    """The part of stored details that is the same for all kinds."""

    commitments: dict[str, Hex32] = {}
    version: Annotated[int, msgspec.Meta(ge=1)] = 1
    via: str | None = None


_COMMON: Final = frozenset(_Common.__struct_fields__)
_decode_common: Final = msgspec.json.Decoder(_Common).decode
_decode: Final = msgspec.json.Decoder(dict[str, Any]).decode


def stored(event: Event, commitments: Mapping[str, bytes], via: str | None = None) -> Facts:
    """Return the facts of a new event as they are stored and hashed."""
    facts = event.facts()
    common: dict[str, Any] = {}
    if commitments:
        common["commitments"] = {name: sealed.hex() for name, sealed in commitments.items()}
    if event.version > 1:
        common["version"] = event.version
    if via is not None:
        common["via"] = via
    if not common:
        return facts
    own = {} if facts.details is None else _decode(facts.details)
    return facts._replace(details=canonical(own | common))


def current(kind: type[Event], version: int, facts: Facts) -> Facts:
    """Return stored facts as the kind's present version has them, given the row's version.

    Raises:
        ValueError: if no version of the kind up to this one stored them.
    """
    if facts.details is None and version == kind.version == 1:
        return facts  # nearly all events
    details = facts.details
    own = {} if details is None else _decode(details)
    if details is not None and canonical(own) != details:
        raise ValueError("its details are not canonical JSON")
    if version_of(details) != version:
        raise ValueError("its details are of another version")
    if version > kind.version:
        raise ValueError(f"it is of version {version}: a newer chatlog wrote it")
    own = {name: value for name, value in own.items() if name not in _COMMON}
    for earlier in range(version, kind.version):
        own = kind.upcasts[earlier](own)
    return facts._replace(details=canonical(own) if own else None)


def version_of(details: str | None) -> int:
    """Return the version of the kind that stored these details."""
    return 1 if details is None else _decode_common(details).version


def via_of(details: str | None) -> str | None:
    """Return the door by which the event with these stored details came; None is a socket."""
    return None if details is None else _decode_common(details).via


def commitments_of(details: str | None) -> dict[str, bytes]:
    """Return the commitments to the further contents of the event with these stored details."""
    if details is None:
        return {}
    found = _decode_common(details).commitments
    return {name: bytes.fromhex(sealed) for name, sealed in found.items()}


def facts_of(proved: Proved) -> Facts:
    """Return an event's facts as they were stored and hashed, by whichever version.

    Raises:
        ValueError: if the details in the proof are not those of the event.
    """
    if proved.facts is not None:
        return proved.facts
    event, details, via = proved.recorded.event, proved.proof.details, proved.recorded.via
    facts = event.facts()
    if details is None and facts.details is None and event.version == 1 and via is None:
        return facts  # nearly all events
    kept = facts._replace(details=details)
    if current(type(event), version_of(details), kept) != facts or via_of(details) != via:
        raise ValueError("its details are not those of the event")
    return kept


class _Salted(msgspec.Struct):
    salt: Hex16
    content: str


_decode_contents: Final = msgspec.json.Decoder(dict[str, _Salted]).decode


def contents_column(event: Event, salts: Mapping[str, bytes]) -> str | None:
    """Return the column of an event, given the salts of its contents."""
    if not event.contents or not (found := event.further_contents()):
        return None
    salted = {name: _Salted(salts[name].hex(), content) for name, content in found.items()}
    return msgspec.json.encode(salted).decode()


def contents_in(column: str | None) -> dict[str, str | None]:
    """Return the contents in a column.

    Raises:
        ValueError: if it is not what ``contents_column`` returns.
    """
    if column is None:
        return {}
    return {name: salted.content for name, salted in _decode_contents(column).items()}


def salts_in(column: str | None) -> dict[str, bytes]:
    """Return the contents' salts in a column.

    Raises:
        ValueError: if it is not what ``contents_column`` returns.
    """
    if column is None:
        return {}
    return {name: bytes.fromhex(salted.salt) for name, salted in _decode_contents(column).items()}
