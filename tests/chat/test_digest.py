"""A batch's joins and leaves become one frame for each run, and nothing else changes."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from chatlog.chat.digest import MAX_COVERED_BYTES, Digest
from chatlog.domain.users import User
from chatlog.kinds.event import Event
from chatlog.kinds.join import Join
from chatlog.wire.events import encode
from chatlog.wire.frames import text_frame
from tests.support.events import ADA, BOB, a_user, hash_of, joined, left, posted, recorded
from tests.support.nodes import LocalClient, node_on, texts_of, until


def digest(*events: Event, first: int = 1) -> tuple[list[dict[str, Any]], list[int]]:
    """Return the frames of a batch's pieces and their last seqs; its seqs are their own counts."""
    made = Digest()
    for seq, event in enumerate(events, first):
        one = recorded(seq, event)
        made.add(one, text_frame(encode(one)), 100 + seq)
    pieces = made.pieces()
    return [json.loads(texts_of(piece.frame)[0]) for piece in pieces], [p.last for p in pieces]


def test_a_run_is_one_frame_with_the_seqs_the_hash_and_the_count_of_its_end() -> None:
    frames, _ = digest(joined(BOB, "s1"), joined(ADA, "s2"), left(a_user("eve"), "s3"), first=41)
    assert frames == [
        {
            "type": "presence",
            "room": "general",
            "from": 41,
            "seq": 43,
            "hash": hash_of(43).hex()[:16],
            "joined": ["ada", "bob"],
            "left": ["eve"],
            "count": 143,
        }
    ]


def test_a_single_join_comes_as_itself() -> None:
    frames, _ = digest(joined(ADA, "s1"))
    assert frames[0]["message"] == "ada joined the room."


def test_any_other_event_ends_a_run() -> None:
    frames, lasts = digest(
        joined(ADA, "s1"), joined(BOB, "s2"), posted(ADA), left(ADA, "s1"), left(BOB, "s2")
    )
    assert [frame["type"] for frame in frames] == ["presence", "chat", "presence"]
    assert lasts == [2, 3, 5]


def test_who_comes_and_goes_within_a_run_is_not_named() -> None:
    frames, _ = digest(
        joined(ADA, "s1"), left(ADA, "s1"), left(BOB, "s2"), joined(BOB, "s3"), left(ADA, "s4")
    )
    assert (frames[0]["joined"], frames[0]["left"]) == ([], ["ada"])


def test_further_sessions_are_covered_and_name_nobody() -> None:
    frames, _ = digest(joined(ADA, "s2", sessions=2), left(ADA, "s1", sessions=1))
    assert (frames[0]["joined"], frames[0]["left"], frames[0]["seq"]) == ([], [], 2)


def test_an_erased_name_is_shown_as_elsewhere() -> None:
    erased = User("id-of-eve", None, 3, bytes(32))
    frames, _ = digest(joined(ADA, "s1"), left(erased, "s2"))
    assert (frames[0]["joined"], frames[0]["left"]) == (["ada"], ["(erased)"])


def test_who_comes_back_under_another_name_has_left_and_joined() -> None:
    renamed = User(ADA.id, "lovelace", ADA.number, ADA.commitment)
    frames, _ = digest(left(ADA, "s1"), joined(renamed, "s2"))
    assert (frames[0]["joined"], frames[0]["left"]) == (["lovelace"], ["ada"])


def test_a_long_run_comes_as_several_frames_of_at_most_64_kib_and_1000_names() -> None:
    for tail in ("", "\U00010000" * 60):
        users = [a_user(f"{n:04x}" + tail) for n in range(1_500)]
        frames, lasts = digest(*(joined(user, "s") for user in users))
        assert len(frames) > 1
        assert [frame["from"] for frame in frames] == [1, *(last + 1 for last in lasts[:-1])]
        sizes = [len(json.dumps(frame, ensure_ascii=False).encode()) for frame in frames]
        assert max(sizes) <= 65_536
        assert max(len(frame["joined"]) for frame in frames) <= 1_000
        assert sum(len(frame["joined"]) for frame in frames) == 1_500
    assert MAX_COVERED_BYTES == 2 * 65_536


async def test_a_member_gets_digests_if_its_join_asks_for_them(sqlite_url: str) -> None:
    async with node_on(sqlite_url) as node:
        ada, bob = LocalClient(node), LocalClient(node)
        await ada.join("general", "ada", presence="digest")
        await bob.join("general", "bob", presence="full")
        await ada.until("notification")
        ada.new()
        # Submitted at once, they are one commit and so one batch.
        joins = [Join("general", f"s{n}", f"user-{n:02}", backlog=0) for n in range(20)]
        await asyncio.gather(*map(node.committer.append, joins))
        await until(lambda: ada.frames()[-1].get("seq") == bob.frames()[-1]["seq"] == 22)
        mine = [frame for frame in ada.new() if frame["type"] == "presence"]
        assert [frame["type"] for frame in bob.new()] == ["notification"] * 20
    assert sorted(name for frame in mine for name in frame["joined"])[-5:] == [
        f"user-{n}" for n in range(15, 20)
    ]
    assert mine[-1]["count"] == 22
