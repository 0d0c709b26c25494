"""The queries of the endpoints, as types that also define the OpenAPI schemas."""

from __future__ import annotations

from typing import Annotated, Final, TypeVar

import msgspec
from aiohttp import web
from msgspec import Meta

from chatlog.domain.errors import Refused
from chatlog.domain.names import check_stored_room
from chatlog.kinds.event import MAX_SEQ
from chatlog.kinds.join import Backlog, HashText, Seq
from chatlog.kinds.registry import EventType
from chatlog.web.keys import RUNTIME
from chatlog.wire.commands import Limit

_POINT: Final = "A seq, as in 41, an RFC 3339 time, or a date: its "
Point = Annotated[str, Meta(description=f"{_POINT}first moment, in UTC.", min_length=1)]
End = Annotated[str, Meta(description=f"{_POINT}whole day, in UTC.", min_length=1)]

_SEPARATED: Final = frozenset({"rooms", "types"})


class RoomsQuery(msgspec.Struct):
    """Rooms by name, in order of code points."""

    after: Annotated[str, Meta(description="The last room of the previous page.")] | None = None
    limit: Limit = 100


class EventsQuery(msgspec.Struct):
    """At most one of ``before``, ``after`` and ``around``; none means the newest events."""

    before: Seq | None = None
    after: Seq | None = None
    around: Seq | None = None
    limit: Limit = 50
    types: Annotated[list[EventType], Meta(description="Separated by commas.")] | None = None
    proof: Annotated[
        bool, Meta(description="Add to each event what is needed to verify the chain.")
    ] = False


class MembersQuery(msgspec.Struct):
    """Members in order of their subjects."""

    after: Annotated[str, Meta(description="The last subject of the previous page.")] = ""
    limit: Limit = 100


class UsersQuery(msgspec.Struct):
    """Users present at ``at``, by default now."""

    at: Point | None = None
    after: Annotated[str, Meta(description="`next` of the previous page.")] = "0"
    limit: Annotated[int, Meta(ge=1, le=1_000)] = 1_000


class StreamQuery(msgspec.Struct):
    """At most one of ``backlog`` (chats to replay) and ``after``, as in ``join``.

    The header ``Last-Event-ID`` counts as ``after`` and ``hash``, whatever the query has.
    """

    username: Annotated[str, Meta(description="Needed in open mode.")] = ""
    backlog: Backlog | None = None
    after: Seq | None = None
    hash: HashText | None = None


class StreamsQuery(msgspec.Struct):
    """Several rooms; ``backlog`` is of each. The header ``Last-Event-ID`` resumes them."""

    rooms: Annotated[list[str], Meta(description="Separated by commas.")]
    username: Annotated[str, Meta(description="Needed in open mode.")] = ""
    backlog: Backlog | None = None


class SessionsQuery(msgspec.Struct, rename={"from_": "from"}):
    """Sessions that overlap ``from`` to ``to``, both inclusive, in order of joins."""

    from_: Point | None = None
    to: End | None = None
    after: Annotated[int, Meta(ge=0, le=MAX_SEQ, description="`next` of the previous page.")] = 0
    limit: Limit = 100


class WitnessesQuery(msgspec.Struct):
    """Users who could have seen an event, in order of joins."""

    after: Annotated[str, Meta(description="`next` of the previous page.")] | None = None
    limit: Limit = 500


class LooksQuery(msgspec.Struct):
    """Looks in order of time; at most one of ``before`` and ``after``, none means the newest."""

    before: (
        Annotated[str, Meta(description="`first` of another page, or a time.", min_length=1)] | None
    ) = None
    after: (
        Annotated[str, Meta(description="`last` of another page, or a time.", min_length=1)] | None
    ) = None
    limit: Limit = 100


Query = TypeVar("Query", bound=msgspec.Struct)


def query_of(request: web.Request, kind: type[Query]) -> Query:
    """Parse the request's query. Unknown fields are ignored.

    Raises:
        Refused: ``bad_command``, naming the field.
    """
    given: dict[str, object] = {}
    for field in msgspec.structs.fields(kind):
        values = request.query.getall(field.encode_name, [])
        if not values:
            continue
        if field.name in _SEPARATED:
            given[field.encode_name] = [one for value in values for one in value.split(",") if one]
        elif len(values) > 1 or values[0].lower() == "null":
            raise Refused("bad_command", f"Give `{field.encode_name}` once, with a value.")
        else:
            given[field.encode_name] = values[0]
    try:
        return msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as error:
        raise Refused("bad_command", str(error).replace("$.", "")) from None


def room_of(request: web.Request) -> str:
    """Return the room in the request's path.

    Raises:
        Refused: ``room_invalid``, if it is not a valid room name.
    """
    room = request.match_info["room"]
    check_stored_room(room, request.app[RUNTIME].limits)
    return room


def seq_of(request: web.Request) -> int:
    """Return the seq in the request's path.

    Raises:
        Refused: ``bad_command``, if it is not a seq.
    """
    text = request.match_info["seq"]
    if not (text.isascii() and text.isdigit()) or len(text) > 19 or not 1 <= int(text) <= MAX_SEQ:
        raise Refused("bad_command", "A seq must be a whole number from 1 on.")
    return int(text)
