"""The HTTP API: rooms, their events, and questions about their past, as JSON.

Every answer is read from the log in a snapshot of its own, bounded in size and in number
at a time, and sent with an ETag: a page that cannot change costs a look-up to confirm.
Nothing here writes, and nothing may be kept without asking again, because what is erased
must be gone from every answer at once.
"""

from chatlog.web.api.routes import add_routes

__all__ = ["add_routes"]
