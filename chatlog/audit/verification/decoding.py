"""Decode rows that may have been tampered with, as events or as a ``Wrong``.

Unlike ``eventlog.rows`` this trusts nothing: a column may have another type (SQLite allows
it), a user may be missing, an event may have a field that its type does not have.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, get_args, get_type_hints

from chatlog.audit.proofs import proved
from chatlog.audit.verification.check_events import TIME, Wrong
from chatlog.audit.verification.stored_rows import StoredRow
from chatlog.databases.opening import why
from chatlog.domain.names import name_key
from chatlog.domain.skeletons import skeleton_key
from chatlog.eventlog.rows import FACTS, PEOPLE, People
from chatlog.kinds.details import contents_column
from chatlog.kinds.event import Event
from chatlog.kinds.proof import Proved

_TYPES: Final = {
    column: get_args(hint) or (hint,) for column, hint in get_type_hints(StoredRow).items()
}
"""The types that each column of a row may have."""

_NAMES: Final = StoredRow._fields
_OWN: Final = slice(FACTS.start, FACTS.stop - 1)
_KEYS: Final = slice(_NAMES.index("other_name_key"), _NAMES.index("keyed_until") + 1)


class Decoder:
    """Decodes the rows of a page; ``secret`` is the key under which names are found.

    What a page says again of the same people and the same server is checked once.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._people: People = {}
        self._right: set[tuple[object, ...]] = set()

    def decoded(self, row: StoredRow, seq: int) -> Proved:
        """Return the event in a row of ``read_rows`` that should be the one at ``seq``.

        Raises:
            Wrong: if this program would not have written the row.
        """
        self._check_types(row, seq)
        if row.seq != seq:
            raise Wrong(seq, "it is missing")
        try:
            found = proved(row, self._people)
            event = found.recorded.event
            facts = event.facts()
        except Exception as error:  # whatever an undecodable row does to the reader
            cause = why(error.__cause__ or error).rstrip(".")
            raise Wrong(seq, f"its row cannot be decoded ({cause})") from error
        columns: tuple[object, ...] = row
        if facts[:-1] != columns[_OWN]:  # ``ChainCheck`` compares the details
            raise Wrong(seq, "it has a field that its type does not have")
        _check_text(row, seq, event)
        if row.contents != contents_column(event, found.proof.salts):
            raise Wrong(seq, "its contents are not in the form in which they are stored")
        self._check_node(row, seq)
        self._check_keys(row, seq)
        return found

    def _check_types(self, row: StoredRow, seq: int) -> None:
        if (types := tuple(map(type, row))) not in self._right:
            _check_types(row, seq)
            self._right.add(types)

    def _check_node(self, row: StoredRow, seq: int) -> None:
        server = (row.node, row.node_name, row.seen_at, row.ended_at)
        if server not in self._right:
            _check_node(row, seq)
            self._right.add(server)

    def _check_keys(self, row: StoredRow, seq: int) -> None:
        columns: tuple[object, ...] = row
        people = (columns[PEOPLE], columns[_KEYS])
        if people not in self._right:
            _check_keys(row, seq, self._secret)
            self._right.add(people)


def _check_types(row: StoredRow, seq: int) -> None:
    for (column, types), value in zip(_TYPES.items(), row, strict=True):
        if type(value) not in types:
            raise Wrong(seq, f"its {column} cannot be decoded")


def _check_text(row: StoredRow, seq: int, event: Event) -> None:
    is_anothers = row.type == "room" and row.of is not None
    if not row.is_topic:
        raise Wrong(seq, "its topic is of an event that has none")
    if is_anothers and (row.own_text is not None or row.text_commitment is not None):
        raise Wrong(seq, "it has a topic of its own, and one of another event")
    if row.text != event.text and not is_anothers:
        raise Wrong(seq, "it has a text, which its type does not have")


def _check_keys(row: StoredRow, seq: int, secret: bytes) -> None:
    """Check the keys by which people are found, those of skeletons as far as there should be any.

    The keys of other versions than this program's cannot be computed.
    """
    if row.name_key != _name_key(secret, row.username):
        raise Wrong(seq, "its user's name key does not match the username")
    if row.subject_id is None and row.other_uuid is None and row.skeleton_key is None:
        return  # nearly all, in open mode
    keyed = row.keyed_until or 0
    has_look = row.subject_id is not None and row.id <= keyed
    look = _look(secret, row.username) if has_look else None
    has_look = row.others_subject_id is not None and (row.other_id or 0) <= keyed
    others_look = _look(secret, row.other_name) if has_look else None
    if row.other_name_key is None and row.other_name == row.others_subject:
        others_name, others_look = None, None  # called by the subject, until they use a name
    else:
        others_name = row.other_name
    for key, right, what in (
        (row.subject_key, _name_key(secret, row.subject), "subject key"),
        (row.skeleton_key, look, "user's skeleton key"),
        (row.others_subject_key, _name_key(secret, row.others_subject), "member's subject key"),
        (row.other_name_key, _name_key(secret, others_name), "member's name key"),
        (row.other_skeleton_key, others_look, "member's skeleton key"),
    ):
        if key != right:
            raise Wrong(seq, f"its {what} does not match")


@lru_cache(maxsize=10_000)
def _look(secret: bytes, name: str | None) -> bytes | None:
    return None if name is None else skeleton_key(secret, name)


def _check_node(row: StoredRow, seq: int) -> None:
    """Check the row of an event's server as far as events can tell."""
    if row.node.rpartition(".")[0] != row.node_name:
        raise Wrong(seq, "its node's name does not match its node id")
    if not all(TIME.fullmatch(at) for at in (row.seen_at, row.ended_at) if at is not None):
        raise Wrong(seq, "a time of its node is malformed")


@lru_cache(maxsize=10_000)
def _name_key(secret: bytes, name: str | None) -> bytes | None:
    return None if name is None else name_key(secret, name)
