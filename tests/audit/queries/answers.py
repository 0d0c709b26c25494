"""What each query must answer, from the fold: rows of values, as its columns stand."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from typing import Any

from tests.audit.queries import spans
from tests.audit.queries.fold import LogFold, Session, group, is_erased, message, name

# On record in every room: it is no event, so the fold has nothing of it.
RULES = (
    ("2026-01-01T00:00:00.000000Z", 30, True, "eve"),
    ("2026-02-01T00:00:00.000000Z", None, False, "kim"),
)

Rows = list[list[Any]]
Told = dict[str, Any]

ANSWERS: dict[str, Callable[..., Rows]] = {}


def answer(query: Callable[..., Rows]) -> Callable[..., Rows]:
    ANSWERS[query.__name__.replace("_", "-")] = query
    return query


def expected(query: str, fold: LogFold, told: Told) -> Rows:
    """Return the right answer."""
    function = ANSWERS[query]
    return (
        function(fold, told) if len(inspect.signature(function).parameters) > 1 else function(fold)
    )


# Who was there.


@answer
def who_was_there_at_seq(fold: LogFold, told: Told) -> Rows:
    there = {s.username for s in fold.sessions_in(told["room"]) if s.holds(told["seq"])}
    return [[username] for username in sorted(there)]


@answer
def who_was_there_at_time(fold: LogFold, told: Told) -> Rows:
    at = told["at"]
    there = [session for session in fold.sessions_in(told["room"]) if session.holds_time(at)]
    return [
        [
            user,
            len(stays),
            "certain" if any(s.uncertain_after >= at for s in stays) else "uncertain",
        ]
        for user, stays in group(there, lambda s: s.username).items()
    ]


@answer
def who_is_there_now(fold: LogFold, told: Told) -> Rows:
    present: dict[str, list[Any]] = {}
    for event in fold.of(told["room"]):
        if event.type == "join":
            row = present.setdefault(event.username, [event.username, 0, event.at, event.seq])
            row[1] += 1
        elif event.type == "leave":
            present[event.username][1] -= 1
            if not present[event.username][1]:
                del present[event.username]
    return sorted(present.values(), key=lambda row: row[3])


@answer
def who_could_have_seen(fold: LogFold, told: Told) -> Rows:
    seq = told["seq"]
    [event] = [e for e in fold.of(told["room"]) if e.seq == seq]
    rows = []
    for s in fold.sessions_in(told["room"]):
        if s.holds(seq) and s.left_seq is None:
            # The made histories' last server is alive.
            rows.append([s.username, "open", s.session, s.joined_seq, s.left_seq])
        elif s.holds(seq):
            certainty = "open" if event.at <= s.certain_until else "uncertain"
            rows.append([s.username, certainty, s.session, s.joined_seq, s.left_seq])
        elif s.was_replayed(seq):
            rows.append([s.username, "replayed", s.session, s.joined_seq, s.left_seq])
    rows += _possible(fold, event, {fold.subjects.get(str(row[2])) for row in rows})
    return sorted(rows, key=lambda row: (row[3] is None, row[3], row[0]))


def _possible(fold: LogFold, event: Any, listed: set[Any]) -> Rows:
    """Return the people whose roles, or a join by a scope, let them page back to an event."""
    given = [(e, _details(e)) for e in fold.of(event.room, "member")]
    joins: dict[str, list[Session]] = {}
    for session in fold.sessions_in(event.room):
        if (subject := fold.subjects.get(session.session)) is not None:
            joins.setdefault(subject, []).append(session)
    rows = []
    for subject in ({e.about_subject for e, _ in given} | set(joins)) - listed - {None}:
        own = [(e, d) for e, d in given if e.about_subject == subject]
        came = joins.get(subject, [])
        later = next((s for s in came if s.joined_seq > event.seq), None)
        if _may_page(fold, event, own, came, later):
            known = later or (came[0] if came else None)
            username = known.username if known else own[-1][0].about_name
            shown = (later.session, later.joined_seq, later.left_seq) if later else (None,) * 3
            rows.append([username, "possible", *shown])
    return rows


def _may_page(
    fold: LogFold, event: Any, own: Any, came: list[Session], later: Session | None
) -> bool:
    last_seen = max(e.seen_at for e in fold.events)
    moments = [(e.seq, e.at) for e in fold.of(event.room) if e.seq >= event.seq]
    ends = [d["until"] for _, d in own if d.get("until", "9") <= last_seen]
    moments += [(10**9, end) for end in ends if end > event.at]
    for seq, at in moments:
        rules = {"access": "open", "history": "all"}
        for e in fold.of(event.room, "room"):
            if e.seq <= seq and e.at <= at:
                rules = _details(e)
        role = _role(own, seq, at)
        may = role not in ("none", "banned") or (role == "none" and rules["access"] == "open")
        if later is not None and later.joined_seq == seq and not may:
            return True
        if may and (rules["history"] == "all" or role in ("moderator", "owner")):
            return True
        if may and _begins_by(event, own, came, seq, at, ends):
            return True
    return False


def _role(own: Any, seq: int, at: str) -> str:
    role = "none"
    for e, d in own:
        if e.seq <= seq and e.at <= at and d.get("until", "9") > at:
            role = d["role"]
    return role


def _begins_by(
    event: Any, own: Any, came: list[Session], seq: int, at: str, ends: list[str]
) -> bool:
    """Return whether the room had begun for somebody at the event, as of a seq and time."""
    steps = sorted([(e.at, e.seq) for e, _ in own] + [(end, 10**9) for end in ends])
    rise, had = None, False
    for step_at, step_seq in steps:
        if step_seq > seq or step_at > at:
            continue
        has = _role(own, step_seq, step_at) not in ("none", "banned")
        if has and not had:
            rise = (step_at, step_seq)
        had = has
    if rise is None:
        return bool(came) and came[0].joined_seq <= event.seq
    return bool(rise[0] <= event.at if rise[1] == 10**9 else rise[1] <= event.seq)


@answer
def who_was_together(fold: LogFold, told: Told) -> Rows:
    rows = [
        [a.room, max(a.joined_at, b.joined_at), min(a.certain_until, b.certain_until)]
        for a in fold.sessions_of(told["username"])
        for b in fold.sessions_of(told["other"])
        if a.room == b.room and b.joined_at < a.certain_until and b.certain_until > a.joined_at
    ]
    return sorted(rows, key=lambda row: (row[1], row[0], row[2]))


@answer
def most_at_once(fold: LogFold, told: Told) -> Rows:
    best: list[Any] = [0, "", 0]
    now = 0
    for event in fold.of(told["room"]):
        now += {"join": 1, "leave": -1}.get(event.type, 0)
        if now > best[2]:
            best = [event.seq, event.at, now]
    return [best]


@answer
def rooms_nobody_is_in(fold: LogFold) -> Rows:
    rooms = group(list(fold.sessions.values()), lambda s: s.room).items()
    rows = [
        [room, max(str(s.left_at) for s in sessions), len(sessions)]
        for room, sessions in rooms
        if all(s.left_seq for s in sessions)
    ]
    return sorted(rows, key=lambda row: (row[1], row[0]))


# What was said and done.


@answer
def what_they_missed(fold: LogFold, told: Told) -> Rows:
    sessions = [s for s in fold.sessions_in(told["room"]) if s.username == told["username"]]
    return [
        [e.seq, e.at, name(e), message(e)]
        for e in fold.said(told["room"], told)
        if not any(s.holds(e.seq) or s.was_replayed(e.seq) for s in sessions)
    ]


@answer
def everything_said(fold: LogFold, told: Told) -> Rows:
    said = [e for e in fold.of(type="chat") if name(e) == told["username"]]
    return [[e.room, e.seq, e.at, message(e), is_erased(e)] for e in said]


@answer
def said_in_a_week(fold: LogFold, told: Told) -> Rows:
    said = [e for e in fold.of(type="chat") if name(e) == told["username"]]
    within = [e for e in said if told["from"] <= e.at < told["to"]]
    rows = [[e.at, e.room, e.seq, message(e), is_erased(e)] for e in within]
    return sorted(rows, key=lambda row: row[:3])


@answer
def first_answers(fold: LogFold, told: Told) -> Rows:
    return spans.first_answers(fold, told["from"], told["to"])


@answer
def hours_a_day(fold: LogFold, told: Told) -> Rows:
    return spans.hours(fold, told["days"])


@answer
def what_was_said(fold: LogFold, told: Told) -> Rows:
    said = fold.said(told["room"], told)
    return [[e.seq, e.at, name(e), message(e), is_erased(e)] for e in said]


@answer
def around_an_event(fold: LogFold, told: Told) -> Rows:
    near = [e for e in fold.of(told["room"]) if abs(e.seq - told["seq"]) <= 10]
    return [[e.seq, e.at, e.type, name(e), message(e), e.cause, is_erased(e)] for e in near]


@answer
def what_happened_anywhere(fold: LogFold, told: Told) -> Rows:
    found = [e for e in fold.of() if told["from"] <= e.at < told["to"]]
    found.sort(key=lambda e: (e.at, e.position))
    return [[e.at, e.room, e.seq, e.type, name(e), message(e), e.cause] for e in found]


@answer
def messages_with_words(fold: LogFold, told: Told) -> Rows:
    words = told["words"].lower()
    said = [e for e in fold.of(told["room"], "chat") if words in (message(e) or "").lower()]
    return [[e.seq, e.at, name(e), message(e)] for e in said]


@answer
def words_between(fold: LogFold, told: Told) -> Rows:
    rows = messages_with_words(fold, told)
    return [row for row in rows if told["from"] <= row[1] < told["to"]]


@answer
def who_talks_most(fold: LogFold, told: Told) -> Rows:
    people = group(fold.said(told["room"], told), name).items()
    rows = [[user, len(said), said[0].at, said[-1].at] for user, said in people]
    return sorted(rows, key=lambda row: -row[1])


@answer
def who_never_spoke(fold: LogFold, told: Told) -> Rows:
    spoke = {e.user_id for e in fold.of(told["room"], "chat")}
    silent = [s for s in fold.sessions_in(told["room"]) if s.user_id not in spoke]
    people = group(silent, lambda s: s.user_id).values()
    rows = [
        [stays[0].username, len(stays), max(s.certain_until for s in stays)] for stays in people
    ]
    return sorted(rows, key=lambda row: (row[0], row[2]))


@answer
def busiest_hours(fold: LogFold, told: Told) -> Rows:
    hours = group(list(fold.of(told["room"])), lambda e: e.at[:13] + ":00:00.000000Z").items()
    rows = []
    for hour, events in hours:
        counts = [sum(e.type == kind for e in events) for kind in ("chat", "join", "leave")]
        rows.append([hour, *counts, len({e.user_id for e in events})])
    return sorted(rows, key=lambda row: -row[1])[:20]


@answer
def activity_by_day(fold: LogFold, told: Told) -> Rows:
    days = group(list(fold.of(told["room"])), lambda e: e.at[:10]).items()
    kinds = ("chat", "join", "leave")
    return [[day, *(sum(e.type == k for e in events) for k in kinds)] for day, events in days]


# How they stayed.


def _attended(sessions: list[Session]) -> list[Any]:
    seconds = sum(s.seconds for s in sessions)
    joined, seen = min(s.joined_at for s in sessions), max(s.certain_until for s in sessions)
    return [len(sessions), seconds, joined, seen]


@answer
def attendance(fold: LogFold, told: Told) -> Rows:
    people = group(fold.sessions_in(told["room"]), lambda s: s.username).items()
    return sorted(
        ([user, *_attended(sessions)] for user, sessions in people), key=lambda row: -row[2]
    )


@answer
def rooms_of_a_person(fold: LogFold, told: Told) -> Rows:
    rooms = group(fold.sessions_of(told["username"]), lambda s: s.room).items()
    return sorted(
        ([room, *_attended(sessions)] for room, sessions in rooms), key=lambda row: -row[2]
    )


@answer
def sessions_of_a_person(fold: LogFold, told: Told) -> Rows:
    sessions = sorted(fold.sessions_of(told["username"]), key=lambda s: (s.joined_at, s.room))
    return [
        [s.room, s.joined_at, s.left_at, s.seconds, s.cause, s.certain_until, s.session]
        for s in sessions
    ]


@answer
def longest_sessions(fold: LogFold, told: Told) -> Rows:
    sessions = sorted(fold.sessions_in(told["room"]), key=lambda s: (-s.seconds, s.joined_seq))
    return [[s.username, s.seconds, s.joined_at, s.left_at, s.cause] for s in sessions[:20]]


@answer
def gaps_in_attendance(fold: LogFold, told: Told) -> Rows:
    rows, gone = [], None
    for event in fold.of(told["room"]):
        if name(event) != told["username"]:
            continue
        if event.type == "leave" and event.sessions == 0:
            gone = [event.seq, event.at]
        elif event.type == "join" and event.sessions == 1 and gone is not None:
            rows.append([*gone, event.seq, event.at])
    return rows


@answer
def newcomers(fold: LogFold, told: Told) -> Rows:
    people = group(fold.sessions_in(told["room"]), lambda s: s.username).items()
    rows = [[u, sessions[0].joined_at, sessions[0].joined_seq] for u, sessions in people]
    found = [row for row in rows if told["from"] <= row[1] < told["to"]]
    return sorted(found, key=lambda row: row[2])


@answer
def how_people_left(fold: LogFold, told: Told) -> Rows:
    ends = group(fold.sessions_in(told["room"]), lambda s: s.cause or "still here").items()
    return sorted(([cause, len(sessions)] for cause, sessions in ends), key=lambda row: -row[1])


def _lapsed(fold: LogFold) -> list[Session]:
    return [session for session in fold.sessions.values() if session.cause == "lapsed"]


@answer
def who_left_when_a_server_died(fold: LogFold) -> Rows:
    rows = [
        [s.node, s.room, s.username, s.certain_until, s.left_at, s.left_seq] for s in _lapsed(fold)
    ]
    return sorted(rows, key=lambda row: (row[4], row[1], row[5]))


@answer
def when_servers_died(fold: LogFold) -> Rows:
    rows = []
    for node, sessions in group(_lapsed(fold), lambda s: s.node).items():
        seen, noticed = (
            max(s.certain_until for s in sessions),
            min(str(s.left_at) for s in sessions),
        )
        rows.append([node, seen, noticed, len(sessions), len({s.room for s in sessions})])
    return sorted(rows, key=lambda row: row[2])


# What was erased.


def _erased(fold: LogFold) -> list[tuple[Any, Any]]:
    """Return each erasure with each event that it is of."""
    events = {(e.room, e.seq): e for e in fold.of()}
    return [
        (erasure, events[erasure.room, int(seq)])
        for erasure in fold.of(type="erasure")
        for seq in erasure.of_seqs.split(",")
    ]


@answer
def what_was_erased(fold: LogFold, told: Told) -> Rows:
    found = [(x, e) for x, e in _erased(fold) if x.room == told["room"]]
    found.sort(key=lambda pair: (pair[0].at, pair[1].seq))
    return [[e.seq, name(e), x.at, name(x), x.text] for x, e in found]


@answer
def who_set_retention(_fold: LogFold, _told: Told) -> Rows:
    return [list(rule) for rule in RULES]


@answer
def who_erased(fold: LogFold) -> Rows:
    groups = group([x for x, _ in _erased(fold)], lambda x: (name(x), x.text)).items()
    return [
        [by, reason, len(found), min(x.at for x in found), max(x.at for x in found)]
        for (by, reason), found in groups
    ]


# Who had which right.


def _details(event: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(event.details)
    return found


def _given(fold: LogFold, room: str | None) -> list[tuple[Any, dict[str, Any]]]:
    return [(e, _details(e)) for e in fold.of(room, "member")]


def _reason(event: Any) -> str | None:
    return (event.text or "") if event.has_text else None


def _standing(
    given: list[tuple[Any, dict[str, Any]]], at: str
) -> dict[str, tuple[Any, dict[str, Any]]]:
    """Return what each subject was given last, of what had not ended at a time."""
    found = {}
    for event, details in given:
        if event.at <= at and ("until" not in details or details["until"] > at):
            found[event.about_subject] = (event, details)
    return found


@answer
def who_could_read(fold: LogFold, told: Told) -> Rows:
    given = _given(fold, told["room"])
    changes = {e.at for e, _ in given} | {d["until"] for _, d in given if "until" in d}
    moments = {told["from"]} | {at for at in changes if told["from"] < at < told["to"]}
    rows: set[tuple[Any, ...]] = set()
    for moment in moments:
        for subject, (e, d) in _standing(given, moment).items():
            if d["role"] not in ("none", "banned") and moment < told["to"]:
                rows.add((subject, e.about_name, d["role"], e.seq, e.at, name(e)))
    states = [(e, _details(e)["access"]) for e in fold.of(told["room"], "room")]
    first = next(fold.of(told["room"]))
    if first.type != "room":
        states.insert(0, (first, "open"))
    for (event, access), (after, _) in zip(states, [*states[1:], (None, "")], strict=True):
        is_over = after is not None and after.at <= told["from"]
        if access == "open" and event.at < told["to"] and not is_over:
            rows.add((None, "(anybody signed in)", "member", event.seq, event.at, name(event)))
    return sorted(map(list, rows), key=lambda row: (row[3], row[1]))


@answer
def who_let_them_in(fold: LogFold, told: Told) -> Rows:
    return [
        [e.seq, e.at, d["role"], d.get("until"), name(e), _reason(e)]
        for e, d in _given(fold, told["room"])
        if e.about_subject == told["subject"] and d["role"] not in ("none", "banned")
    ]


@answer
def who_looked(fold: LogFold, told: Told) -> Rows:
    return [
        [one.at, one.subject, one.username, one.what, one.seq]
        for one in fold.looks
        if one.room == told["room"] and told["from"] <= one.at < told["to"]
    ]


@answer
def who_was_removed(fold: LogFold, told: Told) -> Rows:
    rows = []
    for e in fold.of(told["room"], "leave"):
        session = fold.sessions[e.session]
        holds, replayed = session.holds(told["seq"]), session.was_replayed(told["seq"])
        if e.cause != "kicked" or not (holds or replayed):
            continue
        by = None if e.of_seqs is None else e.about_name or "(erased)"
        certainty = "open" if holds else "replayed"
        rows.append(
            [e.subject, name(e), certainty, session.joined_seq, e.seq, e.at, by, _reason(e)]
        )
    return rows


@answer
def roles_of_a_person(fold: LogFold, told: Told) -> Rows:
    rows = [
        [e.room, e.seq, e.at, e.about_name, d["role"], d.get("until"), name(e), _reason(e)]
        for e, d in _given(fold, None)
        if e.about_subject == told["subject"]
    ]
    return sorted(rows, key=lambda row: (row[0], row[1]))


@answer
def roles_at_seq(fold: LogFold, told: Told) -> Rows:
    [at] = [e.at for e in fold.of(told["room"]) if e.seq == told["seq"]]
    given = [(e, d) for e, d in _given(fold, told["room"]) if e.seq <= told["seq"]]
    return [
        [subject, e.about_name, d["role"], e.seq, d.get("until")]
        for subject, (e, d) in sorted(_standing(given, at).items())
        if d["role"] != "none"
    ]
