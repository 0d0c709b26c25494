"""HTTP and WebSockets: the only folder that uses aiohttp.

``create_app(settings)`` returns an application that can be run alone or mounted in another
application with ``add_subapp``; ``chat_of(app)`` is the door of the program that does so.
"""

from chatlog.web.app import create_app
from chatlog.web.embedding import chat_of

__all__ = ["chat_of", "create_app"]
