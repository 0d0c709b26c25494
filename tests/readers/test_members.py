"""Members are listed under the names that they have now."""

from __future__ import annotations

from dataclasses import replace

from chatlog.kinds.command import Target
from chatlog.kinds.creation import Create
from chatlog.kinds.join import Join
from chatlog.kinds.member import Appoint
from tests.support.people import ADA, BOB, EVE, Node, people_on


async def members(node: Node) -> list[tuple[str, str, str]]:
    _, body = await node.get(ADA, "/api/rooms/desk/members")
    return [(one["username"], one["subject"], one["role"]) for one in body["members"]]


async def test_a_member_who_was_renamed_has_the_present_name(database_url: str) -> None:
    async with people_on(database_url) as node:
        append = node.runtime.committer.append
        await append(Create("desk", ADA, "listed"))
        for who in (BOB, EVE):
            await append(Appoint("desk", ADA, Target(who.subject), "member"))
        assert await members(node) == [
            ("ada", "u-ada", "owner"),
            ("u-bob", "u-bob", "member"),
            ("u-eve", "u-eve", "member"),
        ]
        await append(Join("desk", "s", "bob", backlog=0, author=BOB))
        await append(Create("other", replace(ADA, name="countess")))
        assert await members(node) == [
            ("countess", "u-ada", "owner"),
            ("bob", "u-bob", "member"),
            ("u-eve", "u-eve", "member"),
        ]
