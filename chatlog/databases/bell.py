"""The interface to what carries the bell from node to node.

A bell only says that the log has grown; the log itself says what there is. So a transport may lose
or repeat what it carries, and the nodes lose nothing but time: they poll the log as well.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Transport(Protocol):
    """Carries short texts from each node to all nodes, itself included."""

    @property
    def max_bytes(self) -> int:
        """The size of the largest text, in bytes."""

    async def listen(self, heard: Callable[[str], None], is_up: Callable[[bool], None]) -> None:
        """Call ``heard`` with each text, until cancelled.

        Calls ``is_up(True)`` whenever texts sent from now on will be heard, and ``is_up(False)``
        once that is over.

        Raises:
            Exception: the driver's own, if the connection is lost for good.
        """

    async def send(self, text: str) -> None:
        """Send a text to everybody who listens now.

        Raises:
            Exception: the driver's own, if it could not be sent.
        """

    async def close(self) -> None:
        """Close the connection that sends."""
