"""A PostgreSQL that has lost committed events, as an asynchronous standby does when promoted.

Connections are made anew unnoticed, so only the log itself tells a server of it.
"""

from __future__ import annotations

import pytest

from chatlog.domain.errors import LeaseLost
from chatlog.kinds.chat import Post
from tests.support.command import chatlog
from tests.support.logbook import chats, open_log
from tests.support.rewinding import copy_of


async def assert_whole(url: str) -> None:
    verified = await chatlog("verify", database=url)
    assert verified.status == 0, verified


@pytest.mark.parametrize("further", [0, 5, 7])  # of 5 lost: fewer, as many, more
async def test_a_server_appends_to_the_log_as_it_is_after_events_were_lost(
    postgres_url: str, further: int
) -> None:
    found = list[str]()
    async with open_log(postgres_url) as log, open_log(postgres_url, node="other") as other:
        log.writer.diverged = lambda: found.append("diverged")
        ada, bob = await log.join("general", "ada"), await log.join("general", "bob")
        await log.record(*chats("general", ada, ["kept"] * 5))
        async with copy_of(postgres_url) as copy:
            await log.record(*chats("general", ada, ["lost"] * 5))
            await copy.go_back()
        if further:
            await other.record(*chats("general", bob, ["instead"] * further))
        assert found == []
        await log.record(*chats("general", ada, ["and on"]))
        await log.record(*chats("general", ada, ["and on"]))
        assert found == ["diverged"]
        texts = [event.event.text for event in await log.events()][2:]
        assert texts == ["kept"] * 5 + ["instead"] * further + ["and on"] * 2
    await assert_whole(postgres_url)


async def test_events_of_others_that_a_server_has_only_read_may_be_lost_too(
    postgres_url: str,
) -> None:
    found = list[str]()
    async with open_log(postgres_url) as log, open_log(postgres_url, node="other") as other:
        log.writer.diverged = lambda: found.append("diverged")
        ada, bob = await log.join("general", "ada"), await log.join("general", "bob")
        async with copy_of(postgres_url) as copy:
            await other.record(*chats("general", bob, ["lost"] * 3))
            await log.append(Post("general", "no session", "refused"))
            await copy.go_back()
        await other.record(*chats("general", bob, ["instead"] * 3))
        await log.record(Post("general", ada, "and on"))
        assert found == ["diverged"]
    await assert_whole(postgres_url)


async def test_events_that_are_lost_with_a_session_are_not_continued_by_it(
    postgres_url: str,
) -> None:
    async with open_log(postgres_url) as log:
        await log.join("general", "bob")
        async with copy_of(postgres_url) as copy:
            ada = await log.join("general", "ada")
            await log.record(Post("general", ada, "lost"))
            await copy.go_back()
        [refused] = await log.append(Post("general", ada, "and on"))
        assert getattr(refused, "code", None) == "not_joined"
    await assert_whole(postgres_url)


async def test_a_server_whose_own_row_was_lost_does_not_take_anothers_with_its_number(
    postgres_url: str,
) -> None:
    async with (
        open_log(postgres_url),
        copy_of(postgres_url) as copy,
        open_log(postgres_url, node="lost") as lost,
    ):
        ada = await lost.join("general", "ada")
        await copy.go_back()
        async with open_log(postgres_url, node="new") as new:
            assert new.writer.node.number == lost.writer.node.number
            with pytest.raises(LeaseLost):
                await lost.append(Post("general", ada, "and on"))


async def test_a_log_that_has_lost_nothing_has_not_diverged(database_url: str) -> None:
    async with open_log(database_url) as log, open_log(database_url, node="other") as other:
        log.writer.diverged = other.writer.diverged = lambda: pytest.fail("diverged")
        ada, bob = await log.join("general", "ada"), await other.join("general", "bob")
        for _ in range(3):
            await log.record(*chats("general", ada, ["one", "two"]))
            await other.record(*chats("general", bob, ["one", "two"]))
            await log.append(Post("general", "no session", "refused"))
