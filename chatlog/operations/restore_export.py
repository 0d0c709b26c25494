"""Restore an export: completely verified, unchanged, in one transaction.

This checks what ``verify`` checks, and the rules that servers apply to their clients; so an
import cannot bring in anything that a database, a client or the verifier cannot read.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Final

from chatlog.audit.verification.check_events import ChainCheck, Wrong
from chatlog.audit.verification.restored_content import Kept
from chatlog.databases.database import Database
from chatlog.domain.errors import LogError, Refused
from chatlog.domain.identity import check_subject
from chatlog.domain.names import (
    STORED_LIMITS,
    check_id,
    check_message,
    check_stored_room,
    check_stored_username,
)
from chatlog.domain.users import User
from chatlog.eventlog.plain_chats import PlainChat
from chatlog.eventlog.steps.insertion import RoomInsertion
from chatlog.kinds.event import Recorded
from chatlog.kinds.proof import Proved
from chatlog.kinds.registry import RIGHTS_TYPES
from chatlog.kinds.room import Changed
from chatlog.nodes import clock
from chatlog.operations.moving.plain_chats import PlainChats
from chatlog.operations.moving.times import check_time
from chatlog.wire.events import BadLine, decode_proved
from chatlog.wire.newer import unknown_type

_PAGE: Final = 1_000
_NODE: Final = re.compile(r".*\.[^.]+", re.DOTALL)


async def restore_export(
    database: Database,
    lines: Iterable[bytes],
    *,
    room: str | None = None,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> tuple[str, int]:
    """Restore an exported room into a log that has no events of it; return its name and head.

    Nothing is appended to it: its open sessions lapse when a server next starts. With ``room``
    the file must be an export of the room of this name.

    Raises:
        LogError: nothing was written: the file is not what was exported, or of another room, or
            the room is already in the log.
    """
    async with database.write() as connection, connection.begin():
        await database.backend.take_lock(connection)
        now = await clock.now(database, connection)
        insertion = RoomInsertion(connection)
        found = await insert_export(insertion, now, lines, room=room, progress=progress)
    await database.after_bulk()
    return found


async def insert_export(
    insertion: RoomInsertion,
    now: str,
    lines: Iterable[bytes],
    *,
    room: str | None,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> tuple[str, int]:
    """Do the work of ``restore_export`` in the insertion's transaction, under the log's lock."""
    checked = _Checked(room)
    pages = checked.read(lines)
    while page := await asyncio.to_thread(_next_page, pages):
        if checked.last_at > now:
            raise LogError(f"The file ends at {checked.last_at}, which is in the future.")
        if isinstance(first := page[0], Proved) and first.recorded.seq == 1:
            await insertion.begin(first.recorded.room, first.proof.room_id)
        await insertion.add(page)
        progress(checked.chain.head, 0)
    name = checked.finish()
    await insertion.finish()
    return name, checked.chain.head


async def check_export(lines: Iterable[bytes], *, room: str | None, is_open: bool = False) -> int:
    """Verify a whole file like ``insert_export``, but write nothing; return its head.

    Raises:
        LogError: if the file is not what was exported, or of another room; or if it has rights,
            and the server ``is_open``.
    """
    checked = _Checked(room)
    pages = checked.read(lines)
    while await asyncio.to_thread(_next_page, pages):
        pass
    checked.finish()
    if is_open and checked.has_rights:
        raise LogError(
            "This room has rights, which the running server would ignore in open mode: stop the "
            "server, or run it with --auth token."
        )
    return checked.chain.head


def _next_page(pages: Iterator[Proved | PlainChat]) -> list[Proved | PlainChat]:
    return list(islice(pages, _PAGE))


class _Checked:
    """The events of a file, each verified before it is yielded."""

    def __init__(self, room: str | None) -> None:
        self.chain = ChainCheck()
        self._kept = Kept()
        self._plain = PlainChats(self.chain, self._kept)
        self.has_rights = False
        self._room = room
        self._people: dict[str, tuple[object, ...]] = {}
        self._topics: dict[int, str | None] = {}
        self._named: set[User] = set()

    @property
    def last_at(self) -> str:
        return self.chain.at

    def read(self, lines: Iterable[bytes]) -> Iterator[Proved | PlainChat]:
        for number, ended in enumerate(lines, 1):
            line = ended.removesuffix(b"\n")
            yield self._plain.accept(line) or self._proved(number, line)

    def _proved(self, number: int, line: bytes) -> Proved:
        """Check a line of any kind of event in full."""
        try:
            proved = decode_proved(line)
            self._check_room(proved.recorded.room)
            self._check_form(proved.recorded)
            self._check_people(proved)
            self._check_topic(proved)
            self.chain.accept(proved)
            self._kept.accept(proved)
        except (BadLine, Refused, Wrong) as error:
            if isinstance(error, BadLine) and (kind := unknown_type(line)) is not None:
                raise _newer(kind) from None
            if isinstance(error, Wrong) and proved.recorded.seq > self.chain.head + 1:
                raise self._gap(number) from None
            raise LogError(f"Line {number} is not as it was exported: {error}") from None
        self.has_rights = self.has_rights or proved.recorded.event.type in RIGHTS_TYPES
        self._plain.note(proved)
        return proved

    def _gap(self, number: int) -> LogError:
        return LogError(
            f"Line {number} is not event {self.chain.head + 1}: the file is not a complete chain. "
            "Only a room exported without filters can be imported."
        )

    def finish(self) -> str:
        """Return the room's name after the whole file has been read."""
        try:
            self.chain.finish()
        except Wrong as error:
            raise LogError(f"The file is not as it was exported: {error}") from None
        if self._room is None or not self.chain.head:
            raise LogError("The file holds no events.")
        return self._room

    def _check_room(self, room: str) -> None:
        if self._room is None:
            check_stored_room(room)
            self._room = room
        if room != self._room:
            raise LogError(
                f"The file is an export of the room {room!r}: import it under that name."
            )

    def _check_people(self, proved: Proved) -> None:
        event, proof = proved.recorded.event, proved.proof
        self._check_same(event.user.id, event.user.commitment, proof.name_salt)
        for key, person in event.people.items():
            salts = proof.people[key]
            self._check_same(person.id, person.commitment, salts.name)
            self._check_same(f"name of {person.id}", person.subject, salts.is_named)
            if (subject := person.subject) is not None:
                self._check_same(subject.id, subject.commitment, salts.subject)
                if subject.subject is not None:
                    check_subject(subject.subject)
                    self._check_same(f"subject {subject.subject}", subject.id)
                if not salts.is_named and person.name != subject.subject:
                    raise BadLine("somebody without a name is not called by their subject")

    def _check_same(self, who: str, *sealed: object) -> None:
        if self._people.setdefault(who, sealed) != sealed:
            raise BadLine("somebody in it has another name or subject than before")

    def _check_topic(self, proved: Proved) -> None:
        """Check that a room event shows the topic of the event that it refers to."""
        event = proved.recorded.event
        if not isinstance(event, Changed):
            return
        if event.topic_seq is None:
            if proved.proof.text_commitment is not None:
                self._topics[proved.recorded.seq] = event.topic
        elif self._topics.get(event.topic_seq, "") != event.topic:
            raise BadLine("its topic is not that of the event it refers to")

    def _check_form(self, recorded: Recorded) -> None:
        event = recorded.event
        for user in event.everybody:
            if user not in self._named:
                _check_name(user)
                self._named.add(user)
        for text in (event.text, *event.further_contents().values()):
            if text is not None:
                check_message(text, STORED_LIMITS)
        if not _NODE.fullmatch(event.node):
            raise BadLine("its node has no name")
        for at in (recorded.at, *event.times):
            check_time(at)
        if event.client_id is not None:
            check_id(event.client_id)


def _check_name(user: User) -> None:
    is_subject = user.subject is not None and user.name == user.subject.subject
    if user.name is not None and not is_subject:  # which is checked as such
        check_stored_username(user.name)


def _newer(kind: str) -> LogError:
    return LogError(
        f"This log has events of type {kind[:40]!r}, which this version of chatlog does not know: "
        "import it with a newer version."
    )
