"""What to ask a history: values for the parameters of every query, found in the fold."""

from __future__ import annotations

from collections import Counter
from itertools import product
from typing import Any

from chatlog.audit.queries import Query
from tests.audit.queries.fold import LogFold, name
from tests.audit.queries.spans import days_around

Told = dict[str, Any]


def cases(query: Query, fold: LogFold) -> list[Told]:
    """Return some ways to ask a query, each a value for every parameter."""
    names = [parameter.name for parameter in query.parameters]
    if "room" not in names:
        people = zip((0.0, 0.0, 0.4, 0.9), _people(fold), strict=False)
        return [_complete(names, fold, "", point, who) for point, who in people]
    rooms = sorted({event.room for event in fold.events})[:3]
    points = (0.1, 0.5, 0.93)
    return [
        _complete(names, fold, room, point, who)
        for room, (point, who) in product(rooms, zip(points, _people(fold), strict=False))
    ]


def _people(fold: LogFold) -> list[str]:
    """Return who came most often and who said most.

    "(erased)" is nobody: several people are called so.
    """
    came = Counter(name(e) for e in fold.of(type="join") if name(e) != "(erased)").most_common(2)
    said = Counter(name(e) for e in fold.of(type="chat") if name(e) != "(erased)").most_common(5)
    return list(dict.fromkeys([user for user, _ in came + said]))


def _complete(names: list[str], fold: LogFold, room: str, point: float, who: str) -> Told:
    events = list(fold.of(room or None))
    here = events[int(len(events) * point)]
    # The first messages of rooms may be far apart.
    ahead = 0.05 if room else 0.5
    later = events[min(len(events) - 1, int(len(events) * (point + ahead)))]
    known = {
        "room": room,
        "seq": here.seq,
        "at": here.at,
        "from": here.at,
        "to": later.at,
        "username": who,
        "other": _people(fold)[-1],
        "subject": next((e.subject for e in fold.events if e.username == who and e.subject), "u-0"),
        "words": "the",
        "days": days_around(here.at),
    }
    return {name: known[name] for name in names}
