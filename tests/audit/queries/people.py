"""A history of people with roles: private, listed and open rooms, and all that changes in them."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from chatlog.domain.identity import Identity
from chatlog.domain.times import text
from chatlog.eventlog.steps.looks import look
from chatlog.kinds.chat import Post
from chatlog.kinds.command import Command, Target
from chatlog.kinds.creation import Create
from chatlog.kinds.join import Join
from chatlog.kinds.leave import Kick, Leave
from chatlog.kinds.member import Appoint
from chatlog.kinds.room import Configure
from tests.support.logbook import Log, open_log
from tests.support.people import ADA, AUDITOR

PEOPLE: Final = [Identity(f"u-{name}", name) for name in ("bob", "eve", "kim", "lee", "max")]
ROOMS: Final = ("desk", "hall", "~" + "a" * 22)
ROLES: Final[list[Any]] = ["owner", "moderator", "member", "reader", "none", "banned"]


async def tell(url: str, *, seed: int = 5, length: int = 120) -> None:
    """Fill an empty log."""
    chance = random.Random(seed)
    async with open_log(url) as log:
        await log.append(Create("desk", ADA, "listed", history="since_member"))
        await log.append(Join("hall", "hall-0", "ada", backlog=0, author=ADA))
        await log.append(Create(ROOMS[2], ADA, "private"))
        for number in range(length):
            for room in ROOMS:
                await log.append(_anything(chance, room, number))
            if number % 9 == 0:
                room = chance.choice(ROOMS)
                await log.writer.transact(look(AUDITOR, "witnesses", room, number or None))
        await _remove(log)


def _anything(chance: random.Random, room: str, number: int) -> Command:
    who = chance.choice(PEOPLE)
    session = f"{room}-{who.name}"
    target = Target(who.subject)
    what = chance.choices(("role", "join", "chat", "leave", "kick", "state"), (5, 6, 8, 2, 1, 1))[0]
    if what == "role":
        until = None
        role = chance.choice(ROLES)
        if role != "owner" and chance.random() < 0.3:
            until = text(datetime.now(UTC) + timedelta(milliseconds=chance.randint(5, 300)))
        return Appoint(room, ADA, target, role, until, chance.choice([None, "because"]))
    if what == "join":
        return Join(room, f"{session}-{number}", who.name or "", backlog=5, author=who)
    if what == "leave":
        return Leave(room, f"{session}-{number - 1}", "left")
    if what == "kick":
        return Kick(room, ADA, target, "enough")
    if what == "state":
        return Configure(room, ADA, access=chance.choice(["open", "listed", "private"]))
    return Post(room, f"{session}-{number - 1}", f"message {number}")


async def _remove(log: Log) -> None:
    """End with a removal of somebody who has it on screen."""
    for room in ROOMS:
        bob = PEOPLE[0]
        await log.append(Appoint(room, ADA, Target(bob.subject), "member"))
        await log.append(Join(room, f"{room}-last", "bob", backlog=50, author=bob))
        await log.append(Post(room, f"{room}-last", "the last"))
        await log.append(Appoint(room, ADA, Target(bob.subject), "banned", None, "for that"))
