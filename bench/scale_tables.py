"""The tables of ``docs/scale.md``: ``python -m bench.scale_tables`` prints them.

``python -m docs.render`` puts them there, and that of ``bench.followers``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from bench.costs import Cost
from bench.followers import KEPT as FOLLOWERS
from bench.scale_model import Carried, Load, carried, kept_costs, most_messages


def limits_table() -> str:
    """Return the largest loads of n nodes on one log."""
    rows = []
    for nodes in (1, 2, 4, 10, 20, 50, 100, 200):
        load, first = most_messages(nodes, members=10, per_connection=0.01)
        found = carried(load)
        rows.append(
            (
                f"{nodes}",
                _rounded(load.messages),
                _rounded(load.connections),
                f"{found.node_cores:.2f}",
                f"{found.postgres_cores:.1f}",
                _wait(found),
                first,
            )
        )
    heads = ("nodes", "messages/s", "connections", "cores a node", "cores of PostgreSQL")
    return _table((*heads, "wait for the lock", "what ends first"), rows)


def loads_table() -> str:
    """Return what some loads come to."""
    million = Load(1_000_000, 100_000, 10_000, 50)
    loads = (
        Load(10_000, 1_000, 100, 2),
        Load(50_000, 5_000, 500, 4),
        Load(100_000, 10_000, 1_000, 10),
        Load(200_000, 20_000, 2_000, 20),
        million,
        replace(million, logs=4),
        replace(million, logs=10),
        replace(million, logs=10, is_routed=True),
    )
    heads = ("connections", "rooms", "messages/s", "nodes", "logs", "a room is on")
    rows = []
    for load in loads:
        found = carried(load)
        numbers = (load.connections, load.rooms, load.messages, load.nodes, load.logs)
        rows.append(
            (
                *(f"{number:,.0f}" for number in numbers),
                f"{found.nodes_of_a_room:.1f} nodes" if not load.is_routed else "1 node",
                f"{found.node_mib / 1024:.1f}",
                f"{found.node_cores:.2f}" if found.commits else "-",
                f"{found.postgres_cores:.1f}" if found.commits else "-",
                f"{found.lock:.0%}",
                _wait(found),
            )
        )
    more = ("GiB a node", "cores a node", "cores a PostgreSQL", "lock held", "wait for it")
    return _table((*heads, *more), rows)


def costs_table() -> str:
    """Return the costs of the steps."""
    names = {
        "commit": "a commit",
        "event": "an event in it",
        "renewal": "a renewal of a lease (each node, every 5 s)",
        "read": "a read that finds one event",
        "poll": "a read that finds nothing",
        "ring": "a ring of the bell (NOTIFY)",
        "heard": "the same at each node that hears it",
        "idle": "a second of an idle server",
        "delivery": "a delivery in a write of its own",
    }
    costs = kept_costs()
    rows = []
    for step, name in names.items():
        cost: Cost = getattr(costs, step)
        rows.append((name, _ms(cost.postgres), _ms(cost.node), _ms(cost.lock)))
    return _table(("ms of", "PostgreSQL's CPU", "a node's CPU", "the lock"), rows)


TABLES: Final[Mapping[str, Callable[[], str]]] = {
    "costs": costs_table,
    "limits": limits_table,
    "loads": loads_table,
    "followers": lambda: FOLLOWERS.read_text("utf-8").rstrip(),
}
_PLACE: Final = re.compile(
    r"(?P<begin><!-- (?P<name>\w+), from bench/scale_tables\.py: python -m docs\.render -->\n)"
    r".*?(?P<end><!-- end -->)",
    re.DOTALL,
)


def with_model(page: str) -> str:
    """Return the page with each of its marked tables made anew."""
    return _PLACE.sub(lambda m: f"{m['begin']}{TABLES[m['name']]()}\n{m['end']}", page)


def _wait(found: Carried) -> str:
    if not found.turn_seconds:
        return "-"
    return "for ever" if found.turn_seconds == float("inf") else f"{found.turn_seconds:.2f} s"


def _rounded(number: float) -> str:
    """Return two digits of it, which is more than the model knows."""
    return f"{float(f'{number:.2g}'):,.0f}"


def _ms(value: float) -> str:
    return f"{value:.3g}" if value >= 0.001 else "-"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(cells)} |" for cells in (heads, *rows)]
    return "\n".join([lines[0], "|---" * len(heads) + "|", *lines[1:]])


def main() -> None:
    for name, table in TABLES.items():
        print(f"{name}\n\n{table()}\n")


if __name__ == "__main__":
    main()
