"""The tests of several nodes are tested: a bug planted in each mechanism is caught.

The nodes are in the test's own process; the crowd and the checker are those of ``test_faults``.
What catches a bug is a rule of the checker or, where nothing wrong is shown, somebody in the crowd
who cannot go on: a deadline, or an answer that nobody should get.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.failures.admin import Admin, administrator
from tests.support.checker import judge
from tests.support.clients import Clients
from tests.support.server import until

from . import plants
from .crowd import Crowd
from .here import Here, nodes_here

LEASE_SECONDS = 1.5
PATIENCE_SECONDS = 8.0
STUCK = "stuck"
OPEN_AT_A = """
    SELECT session FROM chatlog.sessions AS s JOIN chatlog.nodes AS n ON n.id = s.node_id
    WHERE n.name = 'a' AND n.ended_at IS NULL AND s.left_seq IS NULL
"""
STILL_OPEN = """
    SELECT count(*) FROM chatlog.sessions JOIN open_then USING (session) WHERE left_seq IS NULL
"""

pytestmark = pytest.mark.slow

Harm = Callable[[Admin, Crowd], Awaitable[None]]


async def nothing(admin: Admin, crowd: Crowd) -> None:
    await crowd.everywhere(50)


async def a_node_is_taken_for_dead(admin: Admin, crowd: Crowd) -> None:
    """As after a sleep: the others have ended it, and it isn't aware of that."""
    await admin.run("CREATE TABLE open_then AS " + OPEN_AT_A)
    await admin.run("UPDATE chatlog.nodes SET ended_at = seen_at WHERE name = 'a'")

    async def have_lapsed() -> bool:
        return not await admin.value(STILL_OPEN)

    await until(have_lapsed, 20, "the sessions of a node that was ended have lapsed")
    await admin.run("DROP TABLE open_then")
    await crowd.everywhere(20)


async def clients_are_cut(admin: Admin, crowd: Crowd) -> None:
    """Amid their chats, which they send again elsewhere."""
    for _ in range(10):
        for client in [client for server in crowd.servers for client in crowd.there(server)]:
            await client.cut()
        await crowd.everywhere(3)


async def commits_fail(admin: Admin, crowd: Crowd) -> None:
    await admin.run(
        """
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF random() < 0.05 THEN RAISE EXCEPTION 'no' USING ERRCODE = '55P03'; END IF;
            RETURN NULL;
        END $$;
        CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON chatlog.events
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse();
        """
    )
    await crowd.everywhere(30)
    await admin.run("DROP TRIGGER refuse ON chatlog.events")


async def listeners_are_killed(admin: Admin, crowd: Crowd) -> None:
    await admin.run(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE "
        "datname = current_database() AND application_name = 'chatlog bell'"
    )
    await crowd.everywhere(5)


@dataclass(frozen=True, slots=True)
class Case:
    """A bug, the harm that makes it show, and what catches it: any of these."""

    plant: plants.Plant
    harm: Harm
    caught_by: frozenset[str]
    is_guarded: bool = True
    settings: tuple[tuple[str, Any], ...] = ()


def case(plant: plants.Plant, harm: Harm, *caught_by: str, **options: Any) -> Case:
    return Case(plant, harm, frozenset(caught_by), **options)


UNPOLLED = (("poll_seconds", 600.0),)
CASES = (
    case(plants.no_lock, nothing, STUCK),
    case(plants.no_look_at_what_others_appended, nothing, "one event", is_guarded=False),
    case(plants.the_tail_skips_what_it_has_not_read, nothing, "contiguous"),
    case(plants.broadcast_before_commit, commits_fail, "one event", "hash", STUCK),
    case(plants.no_deduplication, clients_are_cut, "once", is_guarded=False),
    case(plants.the_lease_is_never_lost, a_node_is_taken_for_dead, STUCK, "missing"),
    case(plants.each_reaper_closes_a_session, a_node_is_taken_for_dead, "presence"),
    case(plants.a_lost_listener_is_not_replaced, listeners_are_killed, STUCK, settings=UNPOLLED),
)
HARMS = (nothing, commits_fail, clients_are_cut, a_node_is_taken_for_dead, listeners_are_killed)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.plant.__name__)
async def test_a_planted_bug_is_caught(postgres_url: str, case: Case) -> None:
    with case.plant():
        async with nodes_here(postgres_url, **_settings(case.settings)) as nodes:
            if not case.is_guarded:
                async with administrator(postgres_url) as admin:
                    await admin.run(plants.UNGUARDED)
            found = await _broken(postgres_url, nodes, case.harm)
    assert not case.caught_by.isdisjoint(found), found


async def test_without_a_bug_the_same_harm_breaks_nothing(postgres_url: str) -> None:
    async with nodes_here(postgres_url, **_settings(UNPOLLED)) as nodes:
        for harm in HARMS:
            assert await _broken(postgres_url, nodes, harm) == {}, harm.__name__


def _settings(settings: tuple[tuple[str, Any], ...]) -> dict[str, Any]:
    return {"lease_seconds": LEASE_SECONDS, "bus": "auto"} | dict(settings)


async def _broken(url: str, nodes: list[Here], harm: Harm) -> dict[str, str]:
    """Return the first sentence of each rule that a run with this harm breaks."""
    found: dict[str, str] = {}
    async with Clients(nodes[0]) as clients, administrator(url) as admin:
        crowd = Crowd(nodes, clients, harm.__name__.replace("_", " "), PATIENCE_SECONDS)
        try:
            await _suffer(admin, crowd, harm)
        except (AssertionError, TimeoutError, ExceptionGroup) as error:
            found[STUCK] = repr(error)
    for violation in judge(clients.record, settled=not found):
        found.setdefault(violation.rule, violation.sentence)
    return found


async def _suffer(admin: Admin, crowd: Crowd, harm: Harm) -> None:
    crowd.gather(crowd.room)
    async with crowd.at_work():
        await harm(admin, crowd)
    await crowd.settle(PATIENCE_SECONDS)
