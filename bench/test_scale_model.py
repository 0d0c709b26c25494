"""The model of ``docs/scale.md``, with costs that are easy to reckon with."""

import pytest

from bench.costs import Cost, Costs
from bench.scale_model import Carried, Load

NOTHING = Cost(0.0, 0.0)
COSTS = Costs(
    commit=Cost(postgres=1.0, node=1.0, lock=5.0),
    event=Cost(postgres=0.1, node=0.1, lock=0.1),
    renewal=NOTHING,
    read=Cost(postgres=1.0, node=1.0),
    poll=NOTHING,
    ring=NOTHING,
    heard=NOTHING,
    idle=NOTHING,
    delivery=Cost(postgres=0.0, node=0.1),
)


def carried(messages: float, nodes: int, *, logs: int = 1) -> Carried:
    return Carried(Load(10_000, 1_000, messages, nodes, logs), COSTS)


@pytest.mark.parametrize(("nodes", "expected"), [(1, 1.0), (2, 2.0), (10_000, 10.0)])
def test_a_room_of_ten_is_on_at_most_ten_nodes(nodes: int, expected: float) -> None:
    assert carried(1.0, nodes).nodes_of_a_room == pytest.approx(expected, rel=0.01)


def test_at_low_rates_each_message_has_a_commit_and_nobody_waits() -> None:
    found = carried(100.0, 4)
    assert found.commits == 100.0
    assert found.lock == pytest.approx(100 * 0.005 + 100 * 0.0001)
    assert found.turn_seconds == 0.0


def test_a_busy_node_makes_fifty_commits_a_second() -> None:
    assert carried(1_000.0, 1).commits == pytest.approx(50.0)


def test_nodes_that_wait_for_the_lock_share_out_the_time_that_events_leave() -> None:
    found = carried(5_000.0, 50)  # half the time is for the events
    assert found.lock > 1
    assert found.commits == pytest.approx(0.5 / 0.005)
    assert found.turn_seconds == pytest.approx(50 / 100)


def test_events_that_fill_the_lock_are_more_than_a_log_carries() -> None:
    found = carried(20_000.0, 10)
    assert found.turn_seconds == float("inf")
    assert carried(20_000.0, 10, logs=4).turn_seconds < 1


def test_one_node_reads_nothing_and_two_read_what_the_other_appends() -> None:
    assert carried(20.0, 1).reads == 0.0
    assert carried(20.0, 2).reads == pytest.approx(20.0, rel=0.01)


def test_members_of_a_room_on_one_node_spare_the_reads_and_the_other_logs() -> None:
    found = Carried(Load(10_000, 1_000, 1_000.0, 8, logs=4, is_routed=True), COSTS)
    assert found.reads == 0.0
    assert found.commits == pytest.approx(2 * 50)  # of the two nodes of a log
