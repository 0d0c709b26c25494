"""Composition: builds one node's parts, runs their tasks, stops them in reverse.

Only this package distributes the settings and starts the tasks. Lower layers get what they need
as arguments and never import it.
"""

from chatlog.runtime.node import Runtime
from chatlog.runtime.running import running

__all__ = ["Runtime", "running"]
