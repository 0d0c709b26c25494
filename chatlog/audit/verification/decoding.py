"""Decode rows that may have been tampered with, as events or as a ``Wrong``.

Unlike ``eventlog.rows`` this trusts nothing: a column may have another type (SQLite allows
it), a user may be missing, an event may have a field that its type does not have.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final, get_args, get_type_hints

from chatlog.audit.paging.room_rows import (
    Known,
    Person,
    Place,
    Server,
    Shared,
    others_of,
    proved_by,
    user_of,
)
from chatlog.audit.verification.check_events import TIME, Wrong
from chatlog.audit.verification.stored_rows import StoredRow
from chatlog.databases.opening import why
from chatlog.domain.names import name_key
from chatlog.domain.skeletons import skeleton_key
from chatlog.eventlog.rows import FACTS
from chatlog.kinds.details import contents_column, facts_of
from chatlog.kinds.event import Event, Facts
from chatlog.kinds.proof import Proved


def _types_of(row: type[tuple[Any, ...]]) -> dict[str, tuple[type, ...]]:
    """Return the types that each column of a row may have."""
    return {column: get_args(hint) or (hint,) for column, hint in get_type_hints(row).items()}


_TYPES: Final = {row: _types_of(row) for row in (StoredRow, Person, Server, Place)}


class Decoder:
    """Decodes the rows of a page, given what they share; ``secret`` is the key to names.

    What a page says again of the same people and the same server is checked once.
    """

    def __init__(self, secret: bytes, shared: Shared) -> None:
        self._secret = secret
        self._shared = shared
        self._people: dict[int, Known] = {}
        self._others: dict[str, Known] = {}
        self._servers: dict[int, Server] = {}
        self._right: set[tuple[type, ...]] = set()

    def decoded(self, row: StoredRow, seq: int) -> Proved:
        """Return the event in a row of ``read_rows`` that should be the one at ``seq``.

        Raises:
            Wrong: if this program would not have written the row.
        """
        if (types := tuple(map(type, row))) not in self._right:
            _check_types(row, seq)
            self._right.add(types)
        if row.seq != seq:
            raise Wrong(seq, "it is missing")
        server, person = self.server(row.node_id, seq), self.person(row.user_id, seq)
        about = self._shared.other(row)
        other = None if about is None else self._other(about, seq)
        found = self._proved(row, seq, server, person, other)
        event = found.recorded.event
        facts = _facts(row, seq, found)
        _check_text(row, seq, event)
        contents = row.contents
        if contents is not None and contents != contents_column(event, found.proof.salts):
            raise Wrong(seq, "its contents are not in the form in which they are stored")
        return Proved(found.recorded, found.proof, facts)

    def _proved(
        self, row: StoredRow, seq: int, server: Server, person: Known, other: Known | None
    ) -> Proved:
        try:
            return proved_by(row, self._shared.room, server.node, person, other)
        except Exception as error:  # whatever an undecodable row does to the reader
            cause = why(error.__cause__ or error).rstrip(".")
            raise Wrong(seq, f"its row cannot be decoded ({cause})") from error

    def server(self, number: int, seq: int) -> Server:
        """Return the server of the event at ``seq``.

        Raises:
            Wrong: if this program would not have written its row.
        """
        if (known := self._servers.get(number)) is not None:
            return known
        if (server := self._shared.servers.get(number)) is None:
            raise Wrong(seq, "its node cannot be decoded")
        _check_types(self._shared.room, seq)
        _check_types(server, seq)
        _check_node(server, seq)
        self._servers[number] = server
        return server

    def person(self, number: int, seq: int) -> Known:
        """Return the user who caused the event at ``seq``.

        Raises:
            Wrong: if this program would not have written the rows of the user and the subject.
        """
        if (found := self._people.get(number)) is not None:
            return found
        if (person := self._shared.people.get(number)) is None:
            raise Wrong(seq, "its uuid cannot be decoded")
        _check_types(person, seq)
        _check_keys(person, seq, self._secret, person.username, ("user's name", "user's"))
        known = self._people[number] = user_of(person)
        return known

    def _other(self, person: Person, seq: int) -> Known:
        if (known := self._others.get(person.uuid)) is not None:
            return known
        _check_types(person, seq)
        # Nobody is found by the name of a person who is called by the subject so far.
        is_found = person.name_key is not None or person.username != person.subject
        name = person.username if is_found else None
        _check_keys(person, seq, self._secret, name, ("member's name", "member's"))
        known = self._others[person.uuid] = others_of(person)
        return known


def _check_types(row: StoredRow | Person | Server | Place, seq: int) -> None:
    for (column, types), value in zip(_TYPES[type(row)].items(), row, strict=True):
        if type(value) not in types:
            raise Wrong(seq, f"its {column} cannot be decoded")


def _facts(row: StoredRow, seq: int, proved: Proved) -> Facts:
    """Return an event's facts, which must be those of its row."""
    try:
        facts = facts_of(proved)
    except ValueError as error:
        raise Wrong(seq, str(error)) from None
    columns: tuple[object, ...] = row
    if facts != columns[FACTS]:
        raise Wrong(seq, "it has a field that its type does not have")
    return facts


def _check_text(row: StoredRow, seq: int, event: Event) -> None:
    is_anothers = row.type == "room" and row.of is not None
    if not row.is_topic:
        raise Wrong(seq, "its topic is of an event that has none")
    if is_anothers and (row.own_text is not None or row.text_commitment is not None):
        raise Wrong(seq, "it has a topic of its own, and one of another event")
    if row.text != event.text and not is_anothers:
        raise Wrong(seq, "it has a text, which its type does not have")


def _check_keys(
    person: Person, seq: int, secret: bytes, name: str | None, what: tuple[str, str]
) -> None:
    """Check the keys by which a person is found, who uses this name.

    There is a skeleton's key only as far as there should be any: the keys of other versions than
    this program's cannot be computed.
    """
    names, persons = what
    has_look = person.subject_id is not None and person.id <= (person.keyed_until or 0)
    for key, right, wrong in (
        (person.name_key, _name_key(secret, name), f"{names} key does not match the username"),
        (person.subject_key, _name_key(secret, person.subject), "subject key does not match"),
        (
            person.skeleton_key,
            _look(secret, name) if has_look else None,
            f"{persons} skeleton key does not match",
        ),
    ):
        if key != right:
            raise Wrong(seq, f"its {wrong}")


@lru_cache(maxsize=10_000)
def _look(secret: bytes, name: str | None) -> bytes | None:
    return None if name is None else skeleton_key(secret, name)


def _check_node(server: Server, seq: int) -> None:
    """Check the row of an event's server as far as events can tell."""
    if server.node.rpartition(".")[0] != server.node_name:
        raise Wrong(seq, "its node's name does not match its node id")
    if not all(TIME.fullmatch(at) for at in (server.seen_at, server.ended_at) if at is not None):
        raise Wrong(seq, "a time of its node is malformed")


@lru_cache(maxsize=10_000)
def _name_key(secret: bytes, name: str | None) -> bytes | None:
    return None if name is None else name_key(secret, name)
