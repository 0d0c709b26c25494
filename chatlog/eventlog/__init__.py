"""The event log: appended under a lock, read in order, never changed.

Promises (tested on both databases by ``tests/contracts``): an acknowledged event is durable;
positions follow the order of commits; a room's seqs have no gaps; a reader past a position
misses nothing; the database itself refuses to change an event, except to erase its content.
Depends on SQL and the domain, and knows nothing of sockets, frames or rooms in memory.
"""
