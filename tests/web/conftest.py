"""Some of these tests have a server of their own."""

from tests.support.served import server

__all__ = ["server"]
