"""Three nodes on one log, whatever breaks: nothing acknowledged is lost, and all agree.

For each bell one cluster suffers one fault after the other, each with a crowd at work in a room
of its own, which then settles and is judged by the checker. Where there is a bell, one of the
nodes loses every second ring all the while, both of those it sends and of those that come.
"""

from __future__ import annotations

import pytest

from tests.support.namespaces import network_namespace

from . import faults
from .conftest import ClusterOf

ALL = (
    faults.a_node_is_killed,
    faults.a_node_is_stopped_past_its_lease,
    faults.the_database_is_restarted,
    faults.the_database_is_killed,
)
OF_BELL: dict[str, tuple[faults.Fault, ...]] = {
    "auto": (faults.bells_are_terminated,),
    "nats": (faults.nats_is_stopped,),
    "poll": (),
}
FORGETFUL = ("chatlog", "tests.nodes.forgetful", "chatlog")


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("bell", OF_BELL)
async def test_nodes_agree_and_lose_nothing_whatever_breaks(cluster: ClusterOf, bell: str) -> None:
    async with cluster(bell, modules=FORGETFUL) as nodes:
        for fault in (*OF_BELL[bell], *ALL):
            await faults.suffer(nodes, fault)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("bell", ["auto", "nats"])
async def test_a_node_cut_off_from_the_others_comes_back_afresh(
    cluster: ClusterOf, bell: str
) -> None:
    with network_namespace() as namespace:
        async with cluster(bell, namespace=namespace) as nodes:
            await faults.suffer(nodes, faults.a_node_is_cut_off)
