"""What a story's end puts into the other tables, a list of rows a table."""

from __future__ import annotations

from bench.histories.chained import Row
from bench.histories.story import Story
from chatlog.domain.names import name_key


def around(story: Story, secret: bytes) -> dict[str, list[Row]]:
    """Return the rows of the tables that events speak of, once the story is told."""
    unsaid = (None, None, None)  # of an import, how far it has read, its version
    nodes: list[Row] = [
        (n.number, n.node, n.node.split(".")[0], n.started_at, n.seen_at, n.ended_at, 15.0, *unsaid)
        for n in story.nodes
    ]
    rooms: list[Row] = [
        (r.chain.number, r.chain.uuid, r.chain.name) for r in story.rooms if r.chain.head
    ]
    users: list[Row] = []
    for person in story.everybody():
        known = (person.name, person.salt, person.commitment, name_key(secret, person.name))
        gone = (None, None, person.commitment, None)
        # Without a subject.
        users.append((person.number, person.uuid, *(gone if person.erased else known), None))
    return {"nodes": nodes, "rooms": rooms, "users": users, "sessions": story.sessions}
