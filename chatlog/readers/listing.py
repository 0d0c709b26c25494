"""Convert audit results to the form shown by the API and the command line."""

from __future__ import annotations

from chatlog.audit.presence import Present
from chatlog.audit.witnesses import Witness
from chatlog.kinds.event import shown_name
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
