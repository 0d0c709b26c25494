"""HTTP and WebSockets: the only folder that uses aiohttp.

``create_app(settings)`` returns an application that can be run alone or mounted in another
application with ``add_subapp``.
"""

from chatlog.web.app import create_app

__all__ = ["create_app"]
