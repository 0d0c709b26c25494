"""An ``id`` is a user's, in a room, for ever: what it stands for is written once."""

from __future__ import annotations

from chatlog.domain.errors import Refused
from chatlog.kinds.chat import Post
from chatlog.kinds.command import FirstPost
from chatlog.kinds.event import Recorded
from tests.support.logbook import Log, leave, open_log


async def test_an_id_sent_twice_in_one_batch_is_one_event(log: Log) -> None:
    session = await log.join("general", "ada")
    post = Post("general", session, "hello", "c-1")
    first, again = await log.append(post, post)
    assert isinstance(first, Recorded)
    assert again == FirstPost(first.seq, first.hash, "chat", "hello", "general")
    assert len(await log.events()) == 2


async def test_an_id_sent_again_is_answered_with_the_first_event(
    log: Log, database_url: str
) -> None:
    session = await log.join("general", "ada")
    post = Post("general", session, "hello", "c-1")
    [first] = await log.record(post)
    await log.record(Post("general", session, "meanwhile"))
    async with open_log(database_url, node="b") as other:
        for writer in (log, other):  # who wrote it, and who never heard of it
            assert await writer.append(post) == [
                FirstPost(first.seq, first.hash, "chat", "hello", "general")
            ]
    assert len(await log.events()) == 3


async def test_an_id_outlives_the_session_it_was_sent_from(log: Log) -> None:
    session = await log.join("general", "ada")
    [first] = await log.record(Post("general", session, "hello", "c-1"))
    await log.record(leave("general", session))
    back = await log.join("general", "ada")
    [again] = await log.append(Post("general", back, "hello", "c-1"))
    assert again == FirstPost(first.seq, first.hash, "chat", "hello", "general")


async def test_an_id_with_another_text_is_a_conflict_and_writes_nothing(log: Log) -> None:
    session = await log.join("general", "ada")
    await log.record(Post("general", session, "hello", "c-1"))
    [refused] = await log.append(Post("general", session, "hallo", "c-1"))
    assert isinstance(refused, Refused)
    assert refused.code == "id_conflict"
    assert len(await log.events()) == 2


async def test_the_same_id_of_another_user_or_in_another_room_is_another_chat(log: Log) -> None:
    ada, bob = await log.join("general", "ada"), await log.join("general", "bob")
    elsewhere = await log.join("random", "ada")
    await log.record(
        Post("general", ada, "hello", "c-1"),
        Post("general", bob, "hello", "c-1"),
        Post("random", elsewhere, "hello", "c-1"),
    )
    again = await log.append(Post("random", elsewhere, "hello", "c-1"))
    assert isinstance(again[0], FirstPost)
    assert again[0].seq == 2


async def test_a_repeat_of_an_erased_chat_is_answered_whatever_its_text(log: Log) -> None:
    session = await log.join("general", "ada")
    [first] = await log.record(Post("general", session, "hello", "c-1"))
    await log.change("UPDATE events SET text = NULL, text_salt = NULL WHERE position = 2")
    for text in ("hello", "something else"):
        [again] = await log.append(Post("general", session, text, "c-1"))
        assert again == FirstPost(first.seq, first.hash, "chat", None, "general")


async def test_chats_without_an_id_are_never_taken_for_repeats(log: Log) -> None:
    session = await log.join("general", "ada")
    await log.record(Post("general", session, "same"), Post("general", session, "same"))
