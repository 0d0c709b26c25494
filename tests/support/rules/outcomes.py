"""Three outcomes, never a lie: acknowledged is in the log, refused is not."""

from collections import defaultdict
from collections.abc import Iterator

from tests.support.frames import Frame

from .facts import Attempt, Facts, Violation

Key = tuple[str | None, str | None, str | None]


def _key(attempt: Attempt) -> Key:
    return attempt.connection.username, attempt.room, attempt.id


def acknowledged(facts: Facts) -> Iterator[Violation]:
    """What an ack names is that chat, at that seq, and stays in the log."""
    for attempt in facts.chats():
        if attempt.acknowledged and attempt.answer is not None:
            yield from _kept(facts, attempt, attempt.answer)


def _kept(facts: Facts, attempt: Attempt, ack: Frame) -> Iterator[Violation]:
    event = facts.event(ack.room, ack.seq)
    who = f"{attempt.connection.label}'s {attempt.id}"
    if event is None:
        if ack.room in facts.record.logs:
            yield Violation("acknowledged", f"{who} was acknowledged at {ack.seq}, and is lost")
        return
    chat, name = event.data, attempt.connection.username
    same_text = chat.get("message") == attempt.command.get("message") or "erased" in chat
    if event.type != "chat" or chat.get("id") != attempt.id or not same_text:
        yield Violation("acknowledged", f"{who} was acknowledged as another event: {event.raw}")
    elif name != chat.get("username") and "erased" not in chat:
        yield Violation("acknowledged", f"{who} was acknowledged in another's name: {event.raw}")


def refused(facts: Facts) -> Iterator[Violation]:
    """A chat whose every attempt was refused is not in the log."""
    attempts = defaultdict(list)
    for attempt in facts.chats():
        if attempt.id is not None:
            attempts[_key(attempt)].append(attempt)
    stored = _stored(facts)
    for (name, room, id_), tries in attempts.items():
        texts = {a.command.get("message") for a in tries if a.refusal is None}
        for attempt in tries:
            text = attempt.command.get("message")
            if text not in texts and text in stored.get((name, room, id_), ()):
                yield Violation(
                    "refused", f"{name}'s {id_} was refused ({attempt.refusal}), yet is in {room}"
                )


def _stored(facts: Facts) -> dict[Key, set[str]]:
    stored: dict[Key, set[str]] = defaultdict(set)
    for room, events in facts.seen.items():
        for versions in events.values():
            chat = versions[0].data
            if "id" in chat:
                stored[chat.get("username"), room, chat["id"]].add(str(chat.get("message")))
    return stored


def repeats(facts: Facts) -> Iterator[Violation]:
    """``repeated`` is said of what was sent before, and names the first event."""
    tries: dict[Key, list[Attempt]] = defaultdict(list)
    for attempt in facts.chats():
        if attempt.id is not None:
            tries[_key(attempt)].append(attempt)
    for key, attempts in tries.items():
        acks = [a.answer for a in attempts if a.acknowledged and a.answer is not None]
        if len({ack.seq for ack in acks}) > 1:
            yield Violation("once", f"{key} was acknowledged at several seqs: {acks[0].raw} …")
        if len(attempts) == 1 and acks and "repeated" in acks[0].data:
            yield Violation("once", f"{key} was sent once, and called a repeat")
        if len([ack for ack in acks if "repeated" not in ack.data]) > 1:
            yield Violation("once", f"{key} was acknowledged as new more than once")


def invented(facts: Facts) -> Iterator[Violation]:
    """Nobody says what they did not send."""
    sent: dict[str, set[tuple[object, object]]] = defaultdict(set)
    for attempt in facts.chats():
        name = str(attempt.connection.username)
        sent[name].add((attempt.id, attempt.command.get("message")))
    for room, events in facts.seen.items():
        for seq, versions in events.items():
            chat = versions[0].data
            name = str(chat.get("username"))
            if versions[0].type != "chat" or "erased" in chat or name not in sent:
                continue
            if (chat.get("id"), chat.get("message")) not in sent[name]:
                yield Violation("invented", f"seq {seq} of {room} was never sent by {name}")


def order(facts: Facts) -> Iterator[Violation]:
    """What one connection says in one room stands in the log in the order it was said."""
    last: dict[tuple[int, str], Frame] = {}
    for attempt in facts.chats():
        ack = attempt.answer
        if ack is None or not attempt.acknowledged or "repeated" in ack.data:
            continue
        before = last.get((id(attempt.connection), ack.room))
        if before is not None and before.seq > ack.seq:
            yield Violation(
                "order", f"{attempt.connection.label} said {ack.raw} after {before.raw}"
            )
        last[id(attempt.connection), ack.room] = ack


def answered(facts: Facts) -> Iterator[Violation]:
    """On a connection that lasts, every command with an id gets its answer."""
    yield from facts.early
    for attempt in facts.attempts:
        waits = attempt.id is not None and attempt.answer is None
        if facts.settled and waits and attempt.connection.closed is None:
            yield Violation(
                "answers", f"{attempt.connection.label} got no answer to {attempt.command}"
            )
