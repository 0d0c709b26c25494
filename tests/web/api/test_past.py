"""Who was there, from when to when, and who could have seen it: by HTTP."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from .conftest import Serve, Server


@pytest.fixture
async def story(server: Server) -> Server:
    """1 ada joins, 2 bob joins, 3 ada: one, 4 bob leaves, 5 ada: two, 6 cleo joins (no
    backlog), 7 dan joins (served all), 8 ada: three.
    """
    ada, bob = await server.person("ada"), await server.person("bob")
    cleo, dan = await server.person("cleo"), await server.person("dan")
    await ada.join("general")
    await bob.join("general")
    await ada.say("general", "one")
    await bob.leave("general")
    await ada.say("general", "two")
    await cleo.join("general", backlog=0)
    await dan.join("general")
    assert await ada.say("general", "three") == 8
    return server


def names(body: dict[str, object]) -> list[str]:
    users = body["users"]
    assert isinstance(users, list)
    return [user["username"] for user in users]


async def test_who_is_present_now(story: Server) -> None:
    body = await story.ok("rooms/general/users")
    assert (names(body), body["seq"], body["count"]) == (["ada", "cleo", "dan"], 8, 3)
    assert body["users"][0] == {
        "username": "ada",
        "sessions": 1,
        "since": (await story.ok("rooms/general/events", limit=1, after=0))["events"][0]["at"],
        "since_seq": 1,
    }


async def test_who_was_present_at_each_seq(story: Server) -> None:
    expected = [[], ["ada"], ["ada", "bob"], ["ada", "bob"], ["ada"], ["ada"], ["ada", "cleo"]]
    for seq, present in enumerate(expected):
        body = await story.ok("rooms/general/users", at=seq)
        assert (names(body), body["seq"]) == (present, seq)


async def test_who_was_present_at_a_time_is_the_fold_at_the_last_event_not_after_it(
    story: Server,
) -> None:
    events = (await story.ok("rooms/general/events", after=0))["events"]
    for event in events:
        body = await story.ok("rooms/general/users", at=event["at"])
        same = [other["seq"] for other in events if other["at"] <= event["at"]]
        assert body["seq"] == same[-1]
        assert names(body) == names(await story.ok("rooms/general/users", at=same[-1]))
    assert names(await story.ok("rooms/general/users", at="2001-01-01")) == []
    assert names(await story.ok("rooms/general/users", at="2999-01-01T00:00:00+02:00")) == [
        "ada",
        "cleo",
        "dan",
    ]


async def test_users_come_in_pages(story: Server) -> None:
    found: list[str] = []
    after: str | None = "0"
    while after is not None:
        body = await story.ok("rooms/general/users", limit=1, after=after, at=8)
        assert body["count"] == 3
        found += names(body)
        after = body["next"]
    assert found == ["ada", "cleo", "dan"]


async def test_pages_of_users_go_on_when_the_last_one_listed_has_left(story: Server) -> None:
    first = await story.ok("rooms/general/users", limit=2)
    assert names(first) == ["ada", "cleo"]
    await story.people[2].leave("general")
    rest = await story.ok("rooms/general/users", limit=2, after=first["next"])
    assert (names(rest), rest["next"]) == (["dan"], None)


async def test_a_cursor_of_users_takes_any_name(serve: Serve) -> None:
    server = await serve()
    everybody = sorted(["1-2", "-", "a&b=c", "%41", "grüße 世界", "0"])
    for name in everybody:
        await (await server.person(name)).join("general")
    found: list[str] = []
    after: str | None = "0"
    while after is not None:
        body = await server.ok("rooms/general/users", limit=1, after=after)
        found, after = found + names(body), body["next"]
    assert found == everybody


async def test_a_seq_past_the_head_is_refused(story: Server) -> None:
    for path in ("users?at=9", "events/9/witnesses", "sessions?from=9"):
        status, body, _ = await story.get(f"rooms/general/{path}")
        assert (status, body["error"]["code"]) == (400, "after_unknown")


async def test_witnesses_of_a_message(story: Server) -> None:
    body = await story.ok("rooms/general/events/3/witnesses")
    assert {one["username"]: one["certainty"] for one in body["witnesses"]} == {
        "ada": "open",
        "bob": "open",
        "cleo": "possible",
        "dan": "replayed",
    }
    assert body["next"] is None


async def test_witnesses_come_in_pages_that_nobody_who_joins_meanwhile_shifts(
    story: Server,
) -> None:
    found: list[str] = []
    query: dict[str, object] = {"limit": 1}
    while True:
        body = await story.ok("rooms/general/events/3/witnesses", **query)
        found += [one["username"] for one in body["witnesses"]]
        if body["next"] is None:
            break
        query["after"] = body["next"]
        late = await story.person(f"late {len(found)}")
        await late.join("general")
    assert found == ["ada", "bob", "cleo", "dan"]


async def test_sessions_that_overlap_a_part_of_the_past(story: Server) -> None:
    async def of(**query: object) -> list[str]:
        body = await story.ok("rooms/general/sessions", **query)
        return [session["username"] for session in body["sessions"]]

    assert await of() == ["ada", "bob", "cleo", "dan"]
    assert await of(**{"from": 4, "to": 5}) == ["ada", "bob"]
    assert await of(**{"from": 5}) == ["ada", "cleo", "dan"]
    assert await of(to="2001-01-01") == []
    assert await of(**{"from": "2001-01-01", "to": "2999-01-01"}) == ["ada", "bob", "cleo", "dan"]
    first = await story.ok("rooms/general/sessions", limit=3)
    rest = await story.ok("rooms/general/sessions", limit=3, after=first["next"])
    assert [one["username"] for one in rest["sessions"]] == ["dan"]
    assert first["sessions"][1]["cause"] == "left"


async def test_a_date_as_the_end_of_a_part_is_its_whole_day(story: Server) -> None:
    events = (await story.ok("rooms/general/events", after=0))["events"]
    first, last = events[0]["at"][:10], events[-1]["at"][:10]
    before = str(date.fromisoformat(first) - timedelta(days=1))

    async def of(begin: str, end: str) -> int:
        path = "rooms/general/sessions"
        return len((await story.ok(path, **{"from": begin, "to": end}))["sessions"])

    assert await of(first, last) == await of("2001-01-01", last) == 4
    assert await of(before, before) == 0


@pytest.mark.parametrize("end", ["2026-11", "2026-W48", "2026-02-30"])
async def test_what_is_less_than_a_date_is_no_end(story: Server, end: str) -> None:
    status, body, _ = await story.get(f"rooms/general/sessions?to={end}")
    assert (status, body["error"]["code"]) == (400, "bad_command")
    assert "a date (2026-11-22)" in body["error"]["message"]


async def test_answers_about_the_past_are_not_sent_twice(story: Server) -> None:
    for path in ("users?at=3", "sessions?to=3", "events/3/witnesses", "verify"):
        _, _, response = await story.get(f"rooms/general/{path}")
        known = response.headers["ETag"]
        assert (await story.get(f"rooms/general/{path}", known=known))[0] == 304


async def test_verify_goes_on_from_where_it_stood(story: Server) -> None:
    first = await story.ok("rooms/general/verify")
    assert (first["ok"], first["events"]) == (True, 8)
    await story.people[0].say("general", "four")
    second = await story.ok("rooms/general/verify")
    assert (second["ok"], second["events"]) == (True, 9)
