"""The HTTP API: rooms, their events, and queries about their past, as JSON.

Every answer is read from the log in its own snapshot, limited in size and concurrency, and sent
with an ETag: revalidating a page that cannot change costs one look-up. Nothing here writes.
Clients must revalidate cached answers, because erased content must be gone from every answer at
once.
"""

from chatlog.web.api.routes import add_routes

__all__ = ["add_routes"]
