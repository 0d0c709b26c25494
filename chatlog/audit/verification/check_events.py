"""Check a room's events one by one, from the first on: hashes, times, sessions.

The same check serves ``verify``, which reads the tables, and an import, which reads a
file: it accepts exactly what this program could have written.
"""

from __future__ import annotations

import re
from typing import Final

from chatlog.audit.verification.missing_content import MissingContent
from chatlog.audit.verification.room_states import BEGINNING, RoomState
from chatlog.domain.errors import ChatlogError
from chatlog.domain.sessions import OpenSessions
from chatlog.domain.times import PATTERN
from chatlog.domain.users import User
from chatlog.eventlog import chain
from chatlog.kinds.details import commitments_of, facts_of
from chatlog.kinds.event import Event
from chatlog.kinds.proof import PersonSalts, Proof, Proved

TIME: Final = re.compile(PATTERN)


_GONE: Final = PersonSalts()
_MOST_NAMES: Final = 1_000
"""Names that a check keeps in mind."""


class Wrong(ChatlogError):
    """The event at ``seq`` is not what was written; ``why`` gives the reason in a clause."""

    def __init__(self, seq: int, why: str) -> None:
        super().__init__(f"Event {seq}: {why}")
        self.seq = seq
        self.why = why


class ChainCheck:
    """The check of one room; ``head`` and ``hash`` are those of the last accepted event.

    It starts at the room's first event, or after the given state.
    """

    def __init__(self, begin: RoomState = BEGINNING) -> None:
        self.head = begin.head
        self.hash = begin.hash
        self.at = begin.at
        self.position = begin.position
        self.room_id = begin.room_id
        self.sessions = OpenSessions(
            (state.session, User(state.user_id, None, 0, b"")) for state in begin.open
        )
        self.missing = MissingContent(first=begin.head + 1)
        self._names: set[tuple[bytes, bytes | None, str | None]] = set()

    def accept(self, proved: Proved) -> None:
        """Check the next event and move on to it.

        Raises:
            Wrong: if it is not the event that was written there.
        """
        recorded, proof = proved.recorded, proved.proof
        if recorded.seq != self.head + 1:
            raise Wrong(self.head + 1, "it is missing")
        seq = recorded.seq
        self._check_content(seq, recorded.event, proof)
        self._check_hash(proved)
        if not TIME.fullmatch(recorded.at) or recorded.at < self.at:
            raise Wrong(seq, "its time is earlier than the previous event's")
        if self.room_id not in {None, proof.room_id}:
            raise Wrong(seq, "it belongs to another room")
        if (why := recorded.event.contradiction(seq, recorded.at, self.sessions)) is not None:
            raise Wrong(seq, why)
        self.room_id = proof.room_id
        self.head, self.at, self.hash = seq, recorded.at, recorded.hash
        recorded.event.fold(self.sessions)
        self.missing.see(recorded, proof)

    def finish(self) -> None:
        """Check what can be judged only after the last event.

        Raises:
            Wrong: if a text or a name is missing that no erasure names.
        """
        if (found := self.missing.first_unexplained()) is not None:
            raise Wrong(*found)

    def _check_content(self, seq: int, event: Event, proof: Proof) -> None:
        self.check_name(seq, (event.user.commitment, proof.name_salt, event.user.name))
        text = event.text
        if proof.text_commitment is None:
            if text is not None or proof.text_salt is not None or event.is_message:
                raise Wrong(seq, "its text has no commitment")
        elif not _opens(proof.text_commitment, proof.text_salt, text):
            raise Wrong(seq, "its text is not the one that was committed to")
        if proof.details is not None or proof.salts:
            _check_contents(seq, event, proof)
            _check_people(seq, event, proof)

    def check_name(self, seq: int, name: tuple[bytes, bytes | None, str | None]) -> None:
        """Check the name of the user who caused the event at ``seq``: its commitment, salt, text.

        It is checked once, however many events of the user follow.

        Raises:
            Wrong: if it is not the one that was committed to.
        """
        if name in self._names:
            return
        if not _opens(*name):
            raise Wrong(seq, "its username is not the one that was committed to")
        if len(self._names) >= _MOST_NAMES:
            self._names.clear()
        self._names.add(name)

    def _check_hash(self, proved: Proved) -> None:
        recorded, proof = proved.recorded, proved.proof
        try:
            facts = facts_of(proved)
        except ValueError as error:
            raise Wrong(recorded.seq, str(error)) from None
        header = chain.header(
            proof.room_id,
            recorded.seq,
            recorded.at,
            recorded.event,
            facts,
            proof.text_commitment,
        )
        if chain.next_hash(self.hash, header) != recorded.hash:
            raise Wrong(recorded.seq, "its hash does not match its content")


def _check_contents(seq: int, event: Event, proof: Proof) -> None:
    """Check an event's erasable contents besides its text."""
    sealed, found = commitments_of(proof.details), event.further_contents()
    for name in sorted(sealed.keys() | proof.salts.keys() | found.keys()):
        if name not in event.contents:
            raise Wrong(seq, f"its type has no {name}")
        if name not in sealed:
            raise Wrong(seq, f"its {name} has no commitment")
        if not _opens(sealed[name], proof.salts.get(name), found.get(name)):
            raise Wrong(seq, f"its {name} is not the one that was committed to")


def _check_people(seq: int, event: Event, proof: Proof) -> None:
    """Check the people whom an event's details commit to."""
    for key, person in event.people.items():
        salts = proof.people.get(key, _GONE)
        whose = "its author" if key == "by" else f"its {key}"
        if not _opens(person.commitment, salts.name, person.name):
            raise Wrong(seq, f"the name of {whose} is not the one that was committed to")
        if (subject := person.subject) is None:
            continue
        if not _opens(subject.commitment, salts.subject, subject.subject):
            raise Wrong(seq, f"the subject of {whose} is not the one that was committed to")
        if (subject.subject is None) != (person.name is None):
            what = "subject" if person.name is None else "name"
            raise Wrong(seq, f"the {what} of {whose} was erased and has been put back")


def _opens(commitment: bytes, salt: bytes | None, content: str | None) -> bool:
    if content is None or salt is None:
        return content is None and salt is None
    return chain.commitment(salt, content) == commitment
