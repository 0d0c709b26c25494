"""Members who want digests, and others, in one room: each gets every seq once, whatever happens."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from chatlog.chat.live import LiveRoom, RoomMember
from chatlog.delivery.feed import Delivered, Feed, Member
from chatlog.delivery.gathering import Gathering
from chatlog.delivery.recent import Budget, Recent
from chatlog.domain.sessions import OpenSessions
from chatlog.domain.users import User
from chatlog.kinds.event import Event, Recorded
from chatlog.projections.presence import Presence
from chatlog.wire.events import encode
from chatlog.wire.frames import text_frame
from tests.support.events import a_user, joined, left, posted, recorded
from tests.support.feeds import FakeClock, catch_up_a_step
from tests.support.nodes import texts_of
from tests.support.outlets import FakeOutlet, never_read

MARK = 500
"""Bytes that may wait: two or three events."""
USERS = [a_user(name, number) for number, name in enumerate(["ada", "Bob", "éva", "zoë"], 1)]
EVENTS = {"chat", "notification", "session"}


class Room(LiveRoom):
    """A room in which the test says whose role has run out."""

    ending: frozenset[str] = frozenset()

    def expired(self, now: str) -> list[str]:
        return [*self._cut, *(one for one in self._members if one in self.ending)]


@dataclass(eq=False)
class Client:
    """A member of the room, and what it must have got: up to ``last``, then ``alone``."""

    outlet: FakeOutlet
    wants_digest: bool
    own: int
    first: int
    last: int | None = None
    is_cut: bool = False
    alone: int | None = None

    def frames(self) -> list[dict[str, Any]]:
        return [json.loads(text) for text in texts_of(bytes(self.outlet.got))]

    def covered(self) -> Iterator[int]:
        """Yield the seqs of the frames, each as often as it came."""
        for frame in self.frames():
            if frame["type"] == "presence":
                assert frame["from"] < frame["seq"]
                yield from range(frame["from"], frame["seq"] + 1)
            elif frame["type"] in EVENTS:
                yield frame["seq"]


def at(seq: int) -> str:
    return f"2026-11-22T17:00:00.{seq:06}Z"


class Members(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.log: list[Recorded] = []
        self.frames: list[bytes] = []
        self.present: list[frozenset[str]] = [frozenset()]
        self.open: dict[str, User] = {}
        self.clients: dict[str, Client] = {}
        self.clock = FakeClock()
        self.feed = Feed(
            "general",
            Recent(0, [], Budget(3 * MARK)),
            max_buffer_bytes=MARK,
            delivered=Delivered(),
            catch_up=lambda _feed, _member: None,
            gathering=Gathering(self.clock, max_seconds=1, max_bytes=MARK, seconds_a_member=1),
        )
        self.room = Room(self.feed, Presence(0, OpenSessions()))

    @property
    def head(self) -> int:
        return len(self.log)

    def append(self, event: Event) -> None:
        self.log.append(recorded(self.head + 1, event, at=at(self.head + 1)))
        self.frames.append(text_frame(encode(self.log[-1])))
        self.present.append(frozenset(str(user.name) for user in self.open.values()))

    def sessions_of(self, user: User) -> int:
        return sum(one is user for one in self.open.values())

    def join(self, user: User, client: tuple[bool, bool] | None, back: int) -> None:
        """Open a session; ``client`` says whether it wants digests and whether it keeps up."""
        own = self.head + 1
        session, first = f"s{own}", max(1, own - back)
        self.open[session] = user
        if client is not None:
            outlet = FakeOutlet(keeps_up=client[1])
            self.clients[session] = Client(outlet, client[0], own, first)
            self.room.joining[session] = RoomMember(
                outlet, never_read, None, lambda *_: None, wants_digest=client[0]
            )
        sessions = self.sessions_of(user)
        self.append(joined(user, session, sessions=sessions, replay_from=first))

    def leave(self, session: str) -> None:
        client = self.clients.get(session)
        if client is not None and client.is_cut:
            client.alone = self.head + 1
        elif client is not None:
            client.last = self.head + 1
        user = self.open.pop(session)
        self.append(left(user, session, sessions=self.sessions_of(user)))

    def cut(self, session: str) -> None:
        """Let a member's role run out at the next event."""
        client = self.clients.get(session)
        if client is None or client.is_cut or client.own > self.dispatched:
            return
        client.is_cut, client.last = True, self.head
        self.room.ending = frozenset({session})
        self.room._next_end = at(self.head + 1)

    STEPS = st.lists(
        st.tuples(
            st.sampled_from(["join", "join", "leave", "chat"]),
            st.integers(0, 50),
            st.none() | st.tuples(st.sampled_from([True, True, False]), st.booleans()),
            st.integers(0, 12),
        ),
        min_size=1,
        max_size=14,
    )

    @rule(steps=STEPS, cut_at=st.none() | st.integers(0, 8))
    def dispatch(self, steps: list[tuple[str, int, Any, int]], cut_at: int | None) -> None:
        self.dispatched = self.head
        for place, (action, number, client, back) in enumerate(steps):
            if place == cut_at and self.open:
                self.cut(sorted(self.open)[number % len(self.open)])
            user = USERS[number % len(USERS)]
            if action == "join":
                self.join(user, client, back)
            elif action == "leave" and self.open:
                self.leave(sorted(self.open)[number % len(self.open)])
            else:
                self.append(posted(user))
        self.room.dispatch(self.log[self.dispatched :])

    @rule(number=st.integers(0, 50), size=st.none() | st.integers(1, 2 * MARK))
    def read(self, number: int, size: int | None) -> None:
        if self.clients:
            [*self.clients.values()][number % len(self.clients)].outlet.read(size)

    @rule()
    def wait(self) -> None:
        self.clock.move(1)

    @rule()
    def erase(self) -> None:
        self.feed.recent.clear()

    @rule()
    def catch_up(self) -> None:
        for member in list(self.feed.lagging.values()):
            self.step(member)

    def step(self, member: Member) -> None:
        catch_up_a_step(self.feed, member, self.frames, MARK)

    @invariant()
    def each_has_a_run_of_the_log_and_who_is_present(self) -> None:
        for client in self.clients.values():
            seqs, frames = list(client.covered()), client.frames()
            if client.alone is not None and client.alone in seqs:
                assert seqs.pop() == client.alone
                assert frames.pop()["event"] == "leave"
            assert seqs == list(range(client.first, client.first + len(seqs)))
            assert client.last is None or seqs == [] or seqs[-1] <= client.last
            self.check_frames(client, frames)

    def check_frames(self, client: Client, frames: list[dict[str, Any]]) -> None:
        """Check the joining, each digest, and the presence that the frames add up to."""
        present: set[str] | None = None
        for place, frame in enumerate(frames):
            if frame["type"] == "users":
                assert (frames[place - 1]["seq"], frame["seq"]) == (client.own, client.own)
                assert frames[place - 1]["event"] == "join"
                present = set(frame["users"])
                continue
            if frame["type"] == "caught_up":
                assert frames[place - 1]["type"] == "users"
                continue
            assert frame["hash"] == self.log[frame["seq"] - 1].hash_text
            if frame["type"] == "presence":
                assert client.wants_digest
                assert present is not None
                assert frame["count"] == len(self.present[frame["seq"]])
                self.check_names(frame)
                present = present - {*frame["left"]} | {*frame["joined"]}
            elif present is not None and frame["type"] == "notification":
                present ^= {frame["username"]}
            if present is not None:
                assert present == self.present[frame["seq"]]

    def check_names(self, frame: dict[str, Any]) -> None:
        before, after = self.present[frame["from"] - 1], self.present[frame["seq"]]
        assert frame["joined"] == sorted(after - before)
        assert frame["left"] == sorted(before - after)

    @invariant()
    def who_wants_no_digest_gets_every_event(self) -> None:
        for client in self.clients.values():
            if not client.wants_digest:
                assert all(frame["type"] != "presence" for frame in client.frames())

    @rule()
    def all_come_to_the_head(self) -> None:
        for _ in range(10_000):
            for client in self.clients.values():
                client.outlet.read()
            if not self.feed.lagging:
                break
            for member in list(self.feed.lagging.values()):
                self.step(member)
        assert not self.feed.lagging

    def teardown(self) -> None:
        self.wait()
        self.all_come_to_the_head()
        for client in self.clients.values():
            last = self.head if client.last is None else client.last
            alone = [] if client.alone is None else [client.alone]
            assert list(client.covered()) == [*range(client.first, last + 1), *alone]


TestMembers = Members.TestCase
TestMembers.settings = settings(max_examples=80, stateful_step_count=25, deadline=None)
