"""Convert audit results to the form shown by the API and the command line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from chatlog.audit.presence import Present
from chatlog.audit.witnesses import Witness
from chatlog.kinds.event import Recorded, shown_name
from chatlog.kinds.member import Appointed
from chatlog.wire.answers import MemberListed
from chatlog.wire.listing import UserListed, WitnessListed


def user_listed(present: Present) -> UserListed:
    """Return the listing of a user who was present."""
    return UserListed(
        shown_name(present.username),
        present.sessions,
        present.since,
        present.since_seq,
        uncertain=present.uncertain,
    )


def witness_listed(witness: Witness) -> WitnessListed:
    """Return the listing of a user who could have seen an event."""
    return WitnessListed(
        shown_name(witness.username),
        witness.certainty,
        witness.session,
        witness.joined_seq,
        witness.joined_at,
        witness.left_seq,
        witness.left_at,
    )


def members_listed(
    governing: Iterable[Recorded], names: Mapping[str, str | None], now: str
) -> list[MemberListed]:
    """Return who has a role after these events, in order of subjects.

    ``names`` are what the subjects are called now, by their ids.
    """
    given: dict[str, list[Recorded]] = {}
    for recorded in governing:
        if isinstance(recorded.event, Appointed) and recorded.event.member.subject is not None:
            given.setdefault(recorded.event.member.subject.id, []).append(recorded)
    listed = (_member_listed(events, names.get(id), now) for id, events in given.items())
    return sorted((one for one in listed if one is not None), key=lambda one: one.subject)


def _member_listed(events: Sequence[Recorded], name: str | None, now: str) -> MemberListed | None:
    for recorded in reversed(events):
        event = recorded.event
        assert isinstance(event, Appointed)
        if event.until is not None and event.until <= now:
            continue
        if event.role == "none":
            return None
        subject = event.member.subject
        shown = shown_name(None if subject is None else subject.subject)
        return MemberListed(shown_name(name), shown, event.role, recorded.seq, event.until)
    return None
