"""A digest is made where its member is, of whatever nodes have appended."""

from __future__ import annotations

import asyncio

from chatlog.kinds.join import Join
from tests.support.nodes import LocalClient, node_on, until


async def test_joins_at_another_node_come_as_digests(postgres_url: str) -> None:
    async with (
        node_on(postgres_url, node="first") as first,
        node_on(postgres_url, node="second") as second,
    ):
        some, all_ = LocalClient(first), LocalClient(first)
        await some.join("general", "some", presence="digest")
        await all_.join("general", "all")
        await some.until("notification", username="all")
        some.new()
        joins = [Join("general", f"s{n}", f"user-{n:02}", backlog=0) for n in range(20)]
        await asyncio.gather(*map(second.committer.append, joins))
        await until(lambda: some.frames()[-1]["seq"] == all_.frames()[-1]["seq"] == 22)
        told = some.new()
        assert [frame["type"] for frame in all_.new()] == ["notification"] * 20
    digests = [frame for frame in told if frame["type"] == "presence"]
    assert digests
    assert digests[-1]["count"] == 22
    covered = [
        seq for frame in told for seq in range(frame.get("from", frame["seq"]), frame["seq"] + 1)
    ]
    assert covered == list(range(3, 23))
