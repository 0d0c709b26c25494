"""A log in which people have proved who they are: two rooms with every kind of event about them."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from chatlog.domain.identity import Identity
from chatlog.eventlog.steps.redacting import redact_as
from chatlog.kinds.chat import Post, PostAs
from chatlog.kinds.command import Target
from chatlog.kinds.creation import Create
from chatlog.kinds.event import Recorded
from chatlog.kinds.join import Join
from chatlog.kinds.leave import Kick, Leave
from chatlog.kinds.member import Appoint
from chatlog.kinds.room import Configure
from chatlog.nodes import leases
from tests.support.logbook import Log, open_log

ADA = Identity("u-1", "ada")
BOB = Identity("u-2", "bob")
ROB = Identity("u-2", "rob")
KIM = Identity("u-3", "kim", rooms={"desk": "reader"})
NOBODY_YET = "u-5"
SECRETS = ("u-2", "bob", "rob", "said by bob", "quiet please", "a topic of bob", "bob erased this")
"""What an erasure of bob leaves nowhere."""

LONG_FROM_NOW = "9000-01-01T00:00:00.000000Z"


async def enter(log: Log, room: str, who: Identity, **fields: object) -> str:
    """Have a person join a room; return the session."""
    session = secrets.token_hex(16)
    await log.record(Join(room, session, "", backlog=50, author=who, **fields))  # type: ignore[arg-type]
    return session


async def redacted(log: Log, who: Identity, room: str, seqs: Sequence[int], reason: str) -> None:
    """Have a person erase texts."""
    await log.writer.transact(redact_as(who, room, seqs, reason, redact_own=True))


async def general(log: Log) -> None:
    """Write a room that began when somebody joined it."""
    ada = await enter(log, "general", ADA)  # 1: owner, 2
    bob = await enter(log, "general", BOB)  # 3
    await log.record(
        Post("general", ada, "hello", "c-1"),  # 4
        Post("general", bob, "said by bob", "c-2"),  # 5
        Appoint("general", ADA, Target("u-2"), "moderator", reason="on call"),  # 6
        Appoint("general", ADA, Target(NOBODY_YET), "member", LONG_FROM_NOW),  # 7
    )
    await log.record(
        Configure("general", BOB, topic="a topic of bob"),  # 8
        Configure("general", ADA, locked=True),  # 9: refers to the topic of 8
    )
    kim = await enter(log, "general", KIM)  # 10
    await log.record(
        Kick("general", BOB, Target("u-3"), "quiet please"),  # 11: kim's leave
        Leave("general", bob, "left"),  # 12
    )
    rob = await enter(log, "general", ROB)  # 13
    await log.record(Post("general", rob, "to be erased"))  # 14
    await redacted(log, ROB, "general", [14], "bob erased this")  # 15
    await log.record(Appoint("general", ADA, Target("u-3"), "banned"))  # 16
    assert kim


async def desk(log: Log) -> None:
    """Write a room that somebody created, with a history that begins for each at their entry."""
    create = Create("desk", ADA, "listed", "since_member", "at the desk", (("u-2", "member"),), "k")
    await log.record(create)  # 1: room, 2: owner, 3: member
    await enter(log, "desk", ADA)  # 4
    await enter(log, "desk", KIM)  # 5: by the token, 6
    await log.record(Appoint("desk", ADA, Target("u-3"), "none", reason="out"))  # 7, 8: leave
    bob = await enter(log, "desk", ROB)  # 9
    await log.record(
        Post("desk", bob, "said by bob"),  # 10
        PostAs("desk", "said by bob from elsewhere", author=ROB, id="k-2", via="http"),  # 11
    )


async def people_on(url: str) -> list[Recorded]:
    """Write both rooms to a database; return all events."""
    async with open_log(url) as log:
        await general(log)
        await desk(log)
        await leases.end(log.database, log.writer.node)
        return await log.events()
