"""HTTP and WebSockets: the only place that knows aiohttp.

``create_app(settings)`` gives an application that can be run alone or mounted in
somebody's own with ``add_subapp``.
"""

from chatlog.web.app import create_app

__all__ = ["create_app"]
