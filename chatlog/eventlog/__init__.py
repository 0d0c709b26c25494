"""The event log: appended under a lock, read in order, never changed.

Promises (proved on every database by ``tests/contracts``): an event that was
acknowledged is durable; order of positions is order of commits; a room's seqs have no
gap; a reader past a position misses nothing; the database itself refuses to change an
event, but for the erasing of its content. Knows SQL and the domain; nothing of
sockets, frames or rooms in memory.
"""
