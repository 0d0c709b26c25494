"""Random sequences of what people do, beside an oracle that knows only the log.

The oracle folds the events that were recorded into roles and rules of its own, and says of each
next step whether it is allowed; and what each reader was shown, was theirs to see. It runs on
both databases. Then another server reads the same log and must decide as the first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.support.apps import served

from .people import Frame, Issuer, Person, Socket, World

ROLES = ("owner", "moderator", "member", "reader", "none", "banned")
RANK = {"banned": -1, "none": 0, "reader": 1, "member": 2, "moderator": 3, "owner": 4}
PEOPLE = ("u-0", "u-1", "u-2")

Step = tuple[str, str, Mapping[str, Any]]


def steps() -> st.SearchStrategy[list[Step]]:
    who = st.sampled_from(PEOPLE)
    said = st.fixed_dictionaries({"message": st.sampled_from(["one", "two"])})
    appointed = st.fixed_dictionaries({"subject": who, "role": st.sampled_from(ROLES)})
    changed = st.one_of(
        st.fixed_dictionaries({"access": st.sampled_from(["open", "listed", "private"])}),
        st.fixed_dictionaries({"locked": st.booleans()}),
        st.fixed_dictionaries({"topic": st.sampled_from(["", "news", "more"])}),
        st.fixed_dictionaries({"history": st.sampled_from(["all", "since_member"])}),
    )
    kinds = st.one_of(
        st.tuples(st.just("join"), who, st.just({})),
        st.tuples(st.just("leave"), who, st.just({})),
        st.tuples(st.just("chat"), who, said),
        st.tuples(st.just("member"), who, appointed),
        st.tuples(st.just("room"), who, changed),
        st.tuples(st.just("kick"), who, st.fixed_dictionaries({"subject": who})),
        st.tuples(st.just("redact"), who, st.fixed_dictionaries({"back": st.integers(0, 9)})),
        st.tuples(st.just("history"), who, st.just({})),
    )
    return st.lists(kinds, min_size=5, max_size=25)


@dataclass(slots=True)
class Oracle:
    """Rights as the log's events give them, folded in another way than the server does."""

    roles: dict[str, str] = field(default_factory=dict)
    present: set[str] = field(default_factory=set)
    rules: dict[str, Any] = field(default_factory=lambda: {"access": "open", "history": "all"})
    was_public: bool = False
    begins: dict[str, int] = field(default_factory=dict)
    erasable: dict[int, str] = field(default_factory=dict)
    topic: int | None = None

    def fold(self, event: Frame) -> None:
        seq, kind = event["seq"], event.get("event") or event["type"]
        if kind == "room":
            self._change(seq, event)
        elif kind == "member":
            subject, role = event["subject"], event["role"]
            if RANK[role] > 0 and RANK[self.roles.get(subject, "none")] <= 0:
                self.begins[subject] = seq
            self.roles[subject] = role
        elif kind == "join":
            self.present.add(event["username"])
            self.begins.setdefault(event["username"], seq)
        elif kind == "leave":
            self.present.discard(event["username"])
        elif kind == "chat":
            self.erasable[seq] = event["username"]
        elif kind == "erasure":
            self._erase(event)

    def _erase(self, event: Frame) -> None:
        for one in event["of"]:
            self.erasable.pop(one, None)
        if self.topic in event["of"]:
            self.rules["topic"] = ""

    def _change(self, seq: int, event: Frame) -> None:
        if event["topic"] not in ("", self.rules.get("topic")):
            self.erasable[seq], self.topic = "(topic)", seq
        self.rules = dict(event)
        self.was_public = self.was_public or event["access"] != "private"

    def rank(self, who: str) -> int:
        rank = RANK[self.roles.get(who, "none")]
        return 2 if rank == 0 and self.rules["access"] == "open" else rank

    def lowest(self, who: str) -> float:
        if self.rules["history"] == "all" or self.rank(who) >= RANK["moderator"]:
            return 1
        return self.begins.get(who, float("inf"))

    def refusal(self, kind: str, who: str, given: Mapping[str, Any]) -> str | None:
        """The code that a step is refused with; None if it is allowed."""
        if kind in ("leave", "chat") and who not in self.present:
            return "not_joined"
        if kind == "leave":
            return None
        if kind == "join" and who in self.present:
            return "already_joined"
        rank = self.rank(who)
        if rank < 1:
            return "forbidden" if self.was_public else "room_unknown"
        least = {"chat": 3 if self.rules.get("locked") else 2, "kick": 3}.get(kind, 1)
        if kind == "room":
            least = 3 if {"topic", "locked"} & set(given) else 4
        if rank < least:
            return "forbidden"
        if kind == "member":
            return self._appointment(who, rank, given)
        target = given.get("subject")
        if kind == "kick" and rank < 4 and RANK[self.roles.get(str(target), "none")] >= 3:
            return "forbidden"
        return None

    def _appointment(self, who: str, rank: int, given: Mapping[str, Any]) -> str | None:
        target, role = given["subject"], given["role"]
        now = self.roles.get(target, "none")
        leaves = target == who and role == "none" and rank >= 2
        below = rank == 3 and RANK[now] < 3 and RANK[role] < 3
        if not (rank == 4 or leaves or below):
            return "forbidden"
        owners = [one for one, of in self.roles.items() if of == "owner"]
        return "forbidden" if owners == [target] and role != "owner" else None

    def redaction(self, who: str, seqs: list[int], log: list[Frame]) -> str | None:
        rank = self.rank(who)
        if rank < 1:
            return "forbidden" if self.was_public else "room_unknown"
        are_own = all(self.erasable.get(seq) == who or _is_chat_of(log, seq, who) for seq in seqs)
        if rank < 3 and not are_own:
            return "forbidden"
        return None if all(seq in self.erasable for seq in seqs) else "bad_command"


def _is_chat_of(log: list[Frame], seq: int, who: str) -> bool:
    event = log[seq - 1]
    return (event["type"], event["username"]) == ("chat", who)


class Play:
    """One sequence in a room of its own."""

    def __init__(self, root: Person, room: str, sockets: dict[str, Socket]) -> None:
        self.root, self.room, self.sockets = root, room, sockets
        self.oracle, self.log = Oracle(), list[Frame]()

    async def read_on(self) -> None:
        """Fold what the log has got since."""
        path = f"/api/rooms/{self.room}/events?limit=500&after={len(self.log)}"
        for event in (await self.root.get(path)).body["events"]:
            self.oracle.fold(event)
            self.log.append(event)

    async def do(self, step: Step) -> None:
        kind, who, given = step
        socket = self.sockets[who]
        if kind == "redact":
            seqs = [max(1, len(self.log) - given["back"])]
            wanted = self.oracle.redaction(who, seqs, self.log)
            answer = await socket.ask("redact", room=self.room, of=seqs)
        else:
            wanted = self.oracle.refusal(kind, who, given)
            answer = await socket.ask(kind, room=self.room, **given)
        assert answer.get("code") == wanted, (step, answer, self.oracle)
        if kind == "history" and wanted is None:
            lowest = self.oracle.lowest(who)
            seen = [event["seq"] for event in answer["events"]]
            assert seen == [e["seq"] for e in self.log if e["seq"] >= lowest][-50:], self.oracle
        await self.read_on()

    async def check_shown(self) -> None:
        """Nobody was sent an event of the room that was never theirs to see."""
        for who, socket in self.sockets.items():
            await socket.ask("ping")
            oracle, allowed = Oracle(), set[int]()
            for event in self.log:
                was_present = who in oracle.present
                oracle.fold(event)
                if was_present or who in oracle.present:
                    allowed.add(event["seq"])
                if oracle.rank(who) >= 1:
                    allowed |= {e["seq"] for e in self.log if e["seq"] >= oracle.lowest(who)}
            shown = {e["seq"] for e in socket.events if e["room"] == self.room}
            assert shown <= allowed, (who, shown - allowed)

    async def end(self) -> None:
        for who in tuple(self.oracle.present):
            await self.sockets[who].ask("leave", room=self.room)
        for socket in self.sockets.values():
            await socket.ask("ping")
            socket.got.clear()


class Theatre:
    """A server in this process, for many plays, and then another one on the same log."""

    def __init__(self, runner: asyncio.Runner, url: str, issuer: Issuer) -> None:
        self.runner, self.url, self.issuer = runner, url, issuer
        self.rooms: list[str] = []
        self.stack = AsyncExitStack()

    def open(self) -> None:
        self.runner.run(self._open())

    async def _open(self) -> None:
        given: dict[str, Any] = {"auth": "token", "token_secret_file": str(self.issuer.file)}
        limits = {"max_chats_per_second": 1e5, "max_rooms_created_per_hour": 1_000_000}
        http = await self.stack.enter_async_context(aiohttp.ClientSession())
        browser = await self.stack.enter_async_context(served(self.url, **given, **limits))
        self.world = World(str(browser.make_url("")).rstrip("/"), self.issuer, http)
        self.root = self.world.person("root", scope="admin")
        self.sockets = {
            who: await self.stack.enter_async_context(self.world.person(who).socket())
            for who in PEOPLE
        }

    def play(self, told: list[Step], is_private: bool) -> None:
        self.runner.run(self._play(told, is_private))

    async def _play(self, told: list[Step], is_private: bool) -> None:
        name = None if is_private else f"room {len(self.rooms)}"
        access = "private" if is_private else "open"
        room = await self.world.person(PEOPLE[0]).make(name, access=access)
        self.rooms.append(room)
        play = Play(self.root, room, self.sockets)
        await play.read_on()
        for step in told:
            await play.do(step)
        await play.check_shown()
        await play.end()

    def seen(self) -> list[Any]:
        return self.runner.run(self._seen())

    async def _seen(self) -> list[Any]:
        """What everybody is shown and answered in every room."""
        found: list[Any] = []
        for who in PEOPLE:
            person = self.world.person(who)
            found.append(
                [
                    {key: row[key] for key in ("room", "head", "access", "topic", "role")}
                    for row in (await person.get("/api/rooms?limit=500")).body["rooms"]
                ]
            )
            for room in self.rooms:
                shown = await person.get(f"/api/rooms/{quote(room)}/events?limit=500")
                found.append(shown.text)
                given = {"of": [1]}
                refused = await person.request("POST", f"/api/rooms/{quote(room)}/redact", given)
                found.append(refused.code)
        return found

    def close(self) -> None:
        self.runner.run(self.stack.aclose())


@pytest.mark.slow
@pytest.mark.parametrize("fixture", ["sqlite_url", "postgres_url"])
def test_every_step_is_decided_as_the_log_says(
    fixture: str, request: pytest.FixtureRequest, issuer: Issuer
) -> None:
    with asyncio.Runner() as runner:
        theatre = Theatre(runner, request.getfixturevalue(fixture), issuer)
        theatre.open()

        @settings(
            max_examples=12,
            deadline=None,
            phases=[Phase.generate],  # each takes a server: shrinking would take minutes
            suppress_health_check=list(HealthCheck),
        )
        @given(steps(), st.booleans())
        def plays(told: list[Step], is_private: bool) -> None:
            theatre.play(told, is_private)

        try:
            plays()
            seen = theatre.seen()
        finally:
            theatre.close()
        theatre.open()
        try:
            assert theatre.seen() == seen
        finally:
            theatre.close()
