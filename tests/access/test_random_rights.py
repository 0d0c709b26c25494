"""Random stories of what people do, beside an oracle that knows only the log.

The oracle folds the events that were recorded into roles and rules of its own, and says of each
next step whether it is allowed; and what each reader was shown, was theirs to see. It runs on
both databases. Hours pass, so that roles run out. Then another server reads the same log and
must decide as the first.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest

from chatlog import token_mode
from tests.support.apps import served

from .people import Frame, Issuer, Person, Socket, World
from .rights.clock import ShiftedClock, plus
from .rights.oracle import ROLES, Oracle, who_may_have_seen

THEN = ("member", "chat", "nothing")
PEOPLE = ("u-0", "u-1", "u-2")
EXAMPLES = int(os.environ.get("TEST_EXAMPLES", "20"))
"""Stories on each database; ``TEST_EXAMPLES=300`` tells many more."""
PARTS, GUESTS, AWAY = 10, 0.25, 0.3
LEAVES_SECONDS = 15.0
"""How long the leaves of those are waited for whose roles have run out: 5 s, on a busy machine."""
HAPPENED = Counter[str]()
MUST_HAPPEN = {"out by itself", "chat before the leave", "back before the leave"}

Step = tuple[str, str, Mapping[str, Any]]


def story(seed: int) -> tuple[str, list[Step]]:
    """Return the access of a room, and what people do in it."""
    chance = random.Random(seed)
    access = chance.choice(["private", "listed", "open"])
    parts = [guest(chance) if chance.random() < GUESTS else [step(chance)] for _ in range(PARTS)]
    return access, [one for part in parts for one in part]


def step(chance: random.Random) -> Step:
    who, subject = chance.choice(PEOPLE), chance.choice(PEOPLE)
    rules: dict[str, list[str | bool]] = {
        "access": ["open", "listed", "private"],
        "locked": [True, False],
        "topic": ["", "news", "more"],
        "history": ["all", "since_member"],
    }
    rule = chance.choice(list(rules))
    role = {"subject": subject, "role": chance.choice(ROLES)}
    given: dict[str, Mapping[str, Any]] = {
        "join": {},
        "leave": {},
        "chat": {"message": chance.choice(["one", "two"])},
        "member": role | chance.choice([{}, {"lasts": chance.randint(-1, 2)}]),
        "room": {rule: chance.choice(rules[rule])},
        "kick": {"subject": subject},
        "redact": {"back": chance.randint(0, 9)},
        "history": {},
        "hour": {"then": chance.choice(THEN)},
    }
    kind = chance.choice(list(given))
    return kind, who, given[kind]


def guest(chance: random.Random) -> list[Step]:
    """Somebody comes in by a role with an end, may try to be rid of it, and hours pass."""
    owner, who = PEOPLE[0], chance.choice(PEOPLE[1:])
    role = {"role": chance.choice(["reader", "member", "moderator"]), "lasts": chance.randint(0, 1)}
    hours: list[Step] = [
        ("hour", who, {"then": chance.choice(THEN)}) for _ in range(chance.randint(1, 2))
    ]
    given = {"subject": who, **role}
    away: Step = ("member", who, {"subject": who, "role": "none"})
    tries = [away] if chance.random() < AWAY else []
    return [("join", owner, {}), ("member", owner, given), ("join", who, {}), *tries, *hours]


class Play:
    """One sequence in a room of its own. Its roles end half an hour past whole hours of it."""

    def __init__(
        self, root: Person, room: str, sockets: dict[str, Socket], clock: ShiftedClock
    ) -> None:
        self.root, self.room, self.sockets, self.clock = root, room, sockets, clock
        self.oracle, self.log = Oracle(), list[Frame]()
        self.began, self.hours = clock.now(), 0

    async def read_on(self) -> None:
        """Fold what the log has got since."""
        path = f"/api/rooms/{self.room}/events?limit=500&after={len(self.log)}"
        for event in (await self.root.get(path)).body["events"]:
            self.oracle.fold(event)
            self.log.append(event)

    async def do(self, step: Step) -> None:
        kind, who, given = step
        if kind == "hour":
            await self._pass_an_hour(given["then"])
            return
        socket, now = self.sockets[who], self.clock.now()
        if kind == "redact":
            seqs = [max(1, len(self.log) - given["back"])]
            wanted = self.oracle.redaction(who, seqs, self.log, now)
            answer = await socket.ask("redact", room=self.room, of=seqs)
        else:
            given = self._with_end(given)
            wanted = self.oracle.refusal(kind, who, given, now)
            answer = await socket.ask(kind, room=self.room, **given)
        assert answer.get("code") == wanted, (step, answer, self.oracle)
        if kind == "history" and wanted is None:
            lowest = self.oracle.lowest(who, now)
            seen = [event["seq"] for event in answer["events"]]
            assert seen == [e["seq"] for e in self.log if e["seq"] >= lowest][-50:], self.oracle
        if wanted is None and kind != "history":
            head = len(self.log)
            await self.read_on()
            # One event, then the leaves that it causes: nothing that was refused came between.
            assert all(event.get("event") == "leave" for event in self.log[head + 1 :]), step

    def _with_end(self, given: Mapping[str, Any]) -> dict[str, Any]:
        lasts = given.get("lasts")
        asked = {key: value for key, value in given.items() if key != "lasts"}
        if lasts is not None:
            asked["until"] = plus(self.began, self.hours + lasts + 0.5)
        return asked

    async def _pass_an_hour(self, then: str) -> None:
        """Roles run out; a chat, or a role for whoever has none now, comes before their leaves."""
        self.clock.pass_hours(1)
        self.hours += 1
        self.oracle.go_on(self.clock.now())
        if then == "chat":
            await self._chat_at_once()
        elif then == "member":
            for who in sorted(self.oracle.ran_out):
                HAPPENED["back before the leave"] += 1
                await self.root.appoint(self.room, who, "member")
        HAPPENED["out by itself"] += len(self.oracle.ran_out)
        async with asyncio.timeout(LEAVES_SECONDS):
            while self.oracle.ran_out:
                await self.read_on()
        await self.read_on()

    async def _chat_at_once(self) -> None:
        for who in sorted(self.oracle.present):
            if self.oracle.refusal("chat", who, {}, self.clock.now()) is None:
                HAPPENED["chat before the leave"] += bool(self.oracle.ran_out)
                await self.sockets[who].chat(self.room, "at once")
                return

    async def check_shown(self) -> None:
        """Everybody was sent all that was theirs to see, and nothing else of the room."""
        for who, socket in self.sockets.items():
            owed, allowed = who_may_have_seen(self.log, who)
            async with asyncio.timeout(LEAVES_SECONDS):
                while owed - (shown := self._shown(socket)):
                    await socket.ask("ping")
            assert shown <= allowed, (who, shown - allowed)

    def _shown(self, socket: Socket) -> set[int]:
        return {event["seq"] for event in socket.events if event["room"] == self.room}

    async def end(self) -> None:
        for who in tuple(self.oracle.present):
            await self.sockets[who].ask("leave", room=self.room)
        for socket in self.sockets.values():
            await socket.ask("ping")
            socket.got.clear()


class Theatre:
    """A server in this process, for many plays, and then another one on the same log."""

    def __init__(
        self, runner: asyncio.Runner, url: str, issuer: Issuer, clock: ShiftedClock
    ) -> None:
        self.runner, self.url, self.issuer, self.clock = runner, url, issuer, clock
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

    def play(self, seed: int) -> None:
        try:
            self.runner.run(self._play(*story(seed)))
        except BaseException as error:
            error.add_note(f"story({seed}) is {story(seed)}")
            raise

    async def _play(self, access: str, told: list[Step]) -> None:
        name = None if access == "private" else f"room {len(self.rooms)}"
        room = await self.world.person(PEOPLE[0]).make(name, access=access)
        self.rooms.append(room)
        play = Play(self.root, room, self.sockets, self.clock)
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


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> ShiftedClock:
    clock = ShiftedClock()
    clock.install(monkeypatch)
    monkeypatch.setattr(token_mode, "_EXPIRY_SECONDS", 0.2)  # the leaves are waited for
    return clock


@pytest.mark.slow
@pytest.mark.timeout(600 + 10 * EXAMPLES)
@pytest.mark.parametrize("fixture", ["sqlite_url", "postgres_url"])
def test_every_step_is_decided_as_the_log_says(
    fixture: str, request: pytest.FixtureRequest, issuer: Issuer, clock: ShiftedClock
) -> None:
    HAPPENED.clear()
    with asyncio.Runner() as runner:
        theatre = Theatre(runner, request.getfixturevalue(fixture), issuer, clock)
        theatre.open()

        try:
            for seed in range(EXAMPLES):
                theatre.play(seed)
            seen = theatre.seen()
        finally:
            theatre.close()
        theatre.open()
        try:
            assert theatre.seen() == seen
        finally:
            theatre.close()
    assert set(+HAPPENED) >= MUST_HAPPEN, HAPPENED
