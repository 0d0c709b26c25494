"""Delivery: every member of a room is a cursor along its frames.

To members at the head, the feed writes each batch as it is published, as one buffer shared by
all. For a member behind the head, a task reads from the room's recent frames or from the log
as the socket drains. Publishing never waits for a member.
"""
