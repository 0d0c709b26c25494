"""Delivery: every member of a room is a cursor along its frames.

At the head a member is written each batch as it comes, one buffer and one write for
everybody; behind it nothing is pushed: a task reads for it from the room's recent
frames or from the log, as its socket drains. Publishing never waits for anybody.
"""
